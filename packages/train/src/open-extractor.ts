/** Models that give features of images, run by onnxruntime on the CPU. */
import { beforeAbort, type Program, RuntimeError } from '@ganport/runtime';
import { openProgram } from '@ganport/runtime/node';
import type { Dataset } from './data/index.ts';
import { createExtractor, type Extractor, type ExtractorOptions } from './evaluate/extractor.ts';
import { areDigits, fitsClassifier, readClassifier } from './evaluate/mnist-classifier.ts';

export type OpenExtractor = Extractor & Pick<Program, 'close'>;

export interface OpenExtractorOptions extends ExtractorOptions {
  threads?: number;
  /**
   * Gives a model up, which a file may have without an end, while it is opened and gives features of one
   * image: then it rejects with the signal's reason.
   */
  signal?: AbortSignal;
}

/**
 * Whoever opens it closes it.
 * @throws ModelError for a model that does not fit, see `createExtractor`
 * @throws RuntimeError for one that does not run
 */
export async function openExtractor(
  model: Uint8Array,
  { size, what, range, threads, signal }: OpenExtractorOptions,
): Promise<OpenExtractor> {
  const options = { device: 'cpu', ...(threads && { threads }) } as const;
  const opening = openProgram(model, options);
  const program = await beforeAbort(opening, signal, (late) => late.close()).catch(named);
  try {
    const extractor = createExtractor(program, { size, what, range });
    if (signal) {
      const black = new Float32Array(size.channels * size.height * size.width).fill(-1);
      await beforeAbort(extractor.extract(black, { signal }), signal).catch(named);
    }
    return { ...extractor, close: () => program.close() };
  } catch (error) {
    const closing = program.close();
    // A run that was given up may go on for ever.
    if (!signal?.aborted) await closing;
    throw error;
  }

  function named(error: unknown): never {
    throw error instanceof RuntimeError ? new RuntimeError(`${what}: ${error.message}`) : error;
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
