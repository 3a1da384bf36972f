/** ganport's own training. The process's arguments: the engine, and which backend of tensorflow's. */
import type { EngineName } from '@ganport/model/node';
import type { TensorFlowBackend } from '@ganport/train';
import { serveContender } from './serve-contender.ts';
import { createTraining } from './training.ts';

const [, , engine, backend] = process.argv;
await serveContender((options) =>
  createTraining(options, engine as EngineName, backend as TensorFlowBackend | undefined),
);
