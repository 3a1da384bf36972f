/** Models that give features of images, run by onnxruntime on the CPU. */
import { type Program, RuntimeError } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import type { Dataset } from './data/index.ts';
import { createExtractor, type Extractor, type ImageSize } from './evaluate/extractor.ts';
import { areDigits, fitsClassifier, readClassifier } from './evaluate/mnist-classifier.ts';

export type OpenExtractor = Extractor & Pick<Program, 'close'>;

export interface ExtractorOptions {
  size: ImageSize;
  /** Names the model in errors. */
  what: string;
  threads?: number;
}

/**
 * Whoever opens it closes it.
 * @throws ModelError for a model that does not fit, see `createExtractor`
 * @throws RuntimeError for one that does not run
 */
export async function openExtractor(
  model: Uint8Array,
  { size, what, threads }: ExtractorOptions,
): Promise<OpenExtractor> {
  const options = { device: 'cpu', ...(threads && { threads }) } as const;
  const program = await openProgram(model, options).catch((error: Error) => {
    throw error instanceof RuntimeError ? new RuntimeError(`${what}: ${error.message}`) : error;
  });
  try {
    return { ...createExtractor(program, size, what), close: () => program.close() };
  } catch (error) {
    await program.close();
    throw error;
  }
}

/**
 * The classifier of digits, for images of its size whose classes are 0 to 9.
 * @param onNotice told where onnxruntime does not run it: TensorFlow.js may train without
 */
export async function openClassifier(
  dataset: Dataset,
  threads: number,
  onNotice?: (line: string) => void,
): Promise<OpenExtractor | undefined> {
  if (!fitsClassifier(dataset) || !areDigits(dataset.classes)) return undefined;
  const options = { size: dataset, what: 'the classifier of digits', threads };
  try {
    return await openExtractor(await readClassifier(), options);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    onNotice?.(`${error.message}; checkpoints are compared by their pixels`);
    return undefined;
  }
}
