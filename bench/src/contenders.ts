/** Who takes part in `bench engines`, and with which program. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Device } from '@ganport/runtime/node';
import type { TensorFlowBackend } from '@ganport/train';
import { expectPyTorch, preparePyTorch } from './pytorch.ts';

export interface Entry {
  readonly name: string;
  readonly device: Device;
  /** It may take this long to start and take its first step; a minute unless given. */
  readonly startSeconds?: number;
  /**
   * The program that serves it, and its arguments.
   * @throws Error saying why there is none
   */
  prepare(onProgress: (line: string) => void): Promise<readonly [string, ...string[]]>;
}

/** Ratios are to the first. */
export function entries({
  softwareWebgpu,
  beside,
  python,
}: {
  softwareWebgpu: boolean;
  /** Folder of another revision, built. */
  beside?: string | undefined;
  /** A Python that has PyTorch, instead of an environment made here. */
  python?: string | undefined;
}): readonly Entry[] {
  return [
    onnxRuntime('cpu'),
    ...(beside === undefined ? [] : [otherRevision(beside)]),
    onnxRuntime('cuda'),
    {
      ...onnxRuntime('webgpu'),
      ...(!softwareWebgpu && !hasGpu() && { prepare: noGpu }),
    },
    tensorFlow('tfjs-node-gpu', 'cuda'),
    tensorFlow('tfjs-node', 'cpu'),
    tensorFlow('wasm', 'cpu'),
    tensorFlow('cpu', 'cpu'),
    pyTorch('cpu', { python }),
    pyTorch('cpu', { python, form: 'plain' }),
    pyTorch('cuda', { python }),
    pyTorch('cuda', { python, form: 'compiled' }),
  ];
}

function onnxRuntime(device: Device): Entry {
  return { name: `onnxruntime ${device}`, device, prepare: async () => ganport('onnxruntime') };
}

function otherRevision(folder: string): Entry {
  const program = join(folder, 'bench/dist/engine-contender.js');
  const prepare = async () => {
    if (existsSync(program)) return [process.execPath, program, 'onnxruntime'] as const;
    throw new Error(`${folder} is not built: ${program} is missing`);
  };
  return { name: 'other revision cpu', device: 'cpu', prepare };
}

function tensorFlow(backend: TensorFlowBackend, device: Device): Entry {
  const prepare = async () => ganport('tensorflow', backend);
  return { name: `tensorflow ${backend}`, device, prepare };
}

/** ganport's program, whose arguments say which engine it is. */
function ganport(...engine: string[]): readonly [string, ...string[]] {
  const program = fileURLToPath(new URL('./engine-contender.js', import.meta.url));
  return [process.execPath, program, ...engine];
}

/** Compiling a network may take minutes. */
const COMPILE_SECONDS = 300;

/** Written for speed, with its networks compiled too, or plainly, as tutorials have it. */
function pyTorch(
  device: Device,
  { python, form }: { python?: string | undefined; form?: 'plain' | 'compiled' },
): Entry {
  const program = fileURLToPath(new URL('../pytorch/gan.py', import.meta.url));
  return {
    name: form ? `PyTorch ${device}, ${form}` : `PyTorch ${device}`,
    device,
    ...(form === 'compiled' && { startSeconds: COMPILE_SECONDS }),
    prepare: async (onProgress) => [
      python ? await expectPyTorch(python) : await preparePyTorch(onProgress),
      program,
      ...(form ? [form] : []),
    ],
  };
}

/** Whether the system shows a GPU. WebGPU itself does not tell one from a renderer in software. */
function hasGpu(): boolean {
  if (process.platform !== 'linux') return true;
  const list = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  return (
    list('/dev').some((name) => /^(nvidia\d+|dxg)$/.test(name)) ||
    list('/dev/dri').some((name) => name.startsWith('renderD'))
  );
}

async function noGpu(): Promise<never> {
  throw new Error('no GPU here; --software-webgpu runs it on a software renderer, which is slow');
}
