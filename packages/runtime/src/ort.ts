import { createTurns, type Turns } from './turns.ts';

/** The part of onnxruntime-node or onnxruntime-web that ganport uses: passed in where a model is run. */
export type OrtRuntime = Pick<typeof import('onnxruntime-common'), 'InferenceSession' | 'Tensor'>;

/** onnxruntime-web, which also tells its version and its GPU. */
export type WebRuntime = OrtRuntime & Pick<typeof import('onnxruntime-common'), 'env'>;

const queues = new WeakMap<OrtRuntime['InferenceSession'], Turns>();

/**
 * The one queue of a runtime, in which sessions are created, run and released. Those of
 * onnxruntime-web share what is behind them: on WebGPU two calls at once throw or hang.
 */
export function turnsOf({ InferenceSession }: OrtRuntime): Turns {
  const present = queues.get(InferenceSession);
  if (present) return present;
  const turns = createTurns();
  queues.set(InferenceSession, turns);
  return turns;
}
