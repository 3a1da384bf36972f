/** Flags that say what trains, and where: of `train` and `sweep`. */
import { ENGINES, type EngineName, MAX_THREADS } from '@ganport/model/node';
import { DEVICES, type Device } from '@ganport/runtime/node';
import { UsageError } from './command.ts';
import { choice, given, integer } from './flags.ts';

export const ENGINE_FLAGS = {
  engine: {
    ...choice('What trains', ['auto', ...ENGINES]),
    defaultDescription: "auto; resumed, the run's",
  },
  device: {
    ...choice('Where to train', ['auto', ...DEVICES]),
    defaultDescription: "auto; resumed, the run's",
  },
  tf32: {
    boolean: true,
    describe: 'On CUDA, multiply with 10-bit mantissas: faster, other rounding',
    group: 'Options:',
  },
  threads: {
    ...integer('threads', 'Threads of an operator', { minValue: 1, maxValue: MAX_THREADS }),
    defaultDescription: "one per physical core; resumed, the run's",
  },
} as const;

export interface EngineFlags {
  engine?: EngineName | 'auto' | undefined;
  device?: Device | 'auto' | undefined;
  tf32?: boolean | undefined;
  threads?: number | undefined;
}

/** What trains, and where, as far as it was asked for. */
export function engineFlags({ engine, device, threads, tf32 }: EngineFlags) {
  if (engine === 'tensorflow' && device === 'webgpu') {
    throw new UsageError(
      '--device: the tensorflow engine has no webgpu in Node; expected cpu or cuda, or --engine onnxruntime',
    );
  }
  if (tf32 && device !== undefined && device !== 'auto' && device !== 'cuda') {
    throw new UsageError(`--tf32 is CUDA's: expected --device cuda, got ${device}`);
  }
  return given({ engine, device, threads, tf32 });
}
