/** A Python environment with PyTorch. */
import { type Environment, imports, prepareEnvironment } from './python-environment.ts';

const PYTORCH: Environment = {
  ...{ name: 'PyTorch', folder: 'pytorch', packages: ['torch', 'numpy'], modules: ['torch'] },
  size: 'about 3 GB',
};

/** As `prepareEnvironment`. */
export function preparePyTorch(
  onProgress: (line: string) => void,
  options?: { folder: string; python: string },
): Promise<string> {
  return prepareEnvironment(PYTORCH, onProgress, options);
}

/** @returns the Python. @throws Error in one line if it does not import PyTorch */
export async function expectPyTorch(python: string): Promise<string> {
  if (await imports(python, PYTORCH.modules)) return python;
  throw new Error(`${python} does not import torch`);
}
