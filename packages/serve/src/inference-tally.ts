/** What became of requests for inference, as Triton's statistics extension tells it. */
import type { BatchingStats } from '@ganport/sample';
import type { Response } from 'express';

interface Duration {
  count: number;
  /** Nanoseconds of all together. */
  ns: number;
}

export interface InferenceTally {
  /** A request begins. @returns is called when its response closes */
  begin(response: Response): () => void;
  statistics(runs: Readonly<BatchingStats>): object;
}

export function createInferenceTally(): InferenceTally {
  const success: Duration = { count: 0, ns: 0 };
  const fail: Duration = { count: 0, ns: 0 };
  let last = 0;
  return {
    begin(response) {
      const began = performance.now();
      last = Date.now();
      return () => {
        const ended = response.writableFinished && response.statusCode === 200 ? success : fail;
        ended.count += 1;
        ended.ns += Math.round((performance.now() - began) * 1e6);
      };
    },
    statistics: ({ runs, pictures, milliseconds, waits }) => ({
      last_inference: last,
      inference_count: pictures,
      execution_count: runs,
      inference_stats: {
        success,
        fail,
        queue: {
          count: waits.counts.reduce((sum, count) => sum + count, 0),
          ns: Math.round(waits.sum * 1e9),
        },
        compute_infer: { count: runs, ns: Math.round(milliseconds * 1e6) },
      },
    }),
  };
}
