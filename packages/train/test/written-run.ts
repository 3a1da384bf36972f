/** A run folder as training leaves one, written and not trained. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveConfig } from '../src/index.ts';

/** What stands in for pictures where nobody looks at them. */
export const PNG = Buffer.from('not looked at');

export interface WrittenRun {
  name?: string;
  /** Pictures, of steps 1, 2, … */
  count?: number;
  png?: Uint8Array;
  /** Of a generator of classes. */
  classes?: string[];
}

/** Writes it into a folder that is made. @returns its path */
export function writeRun(
  folder: string,
  { name = 'a <b> & "c"', count = 3, png = PNG, classes }: WrittenRun = {},
): string {
  const run = join(folder, 'run');
  const config = { ...resolveConfig([['the test', { preset: 'mlp' }]]), name };
  mkdirSync(join(run, 'samples'), { recursive: true });
  mkdirSync(join(run, 'checkpoints'));
  writeFileSync(
    join(run, 'run.json'),
    JSON.stringify({
      ...{ format: 1, config, engine: 'onnxruntime', device: 'cpu', threads: 2 },
      dataset: { name: 'digits', count: 9, sha256: 'ab'.repeat(32), classes },
      versions: { ganport: '0.1.0' },
      history: [{ step: 4, field: 'threads', from: 1, to: 2 }],
    }),
  );
  for (let step = 1; step <= count; step++) {
    writeFileSync(join(run, 'samples', `step-${String(step).padStart(6, '0')}.png`), png);
  }
  writeFileSync(join(run, 'checkpoints/step-000004.safetensors'), '');
  writeFileSync(join(run, 'best'), 'step-000002.safetensors\n{"swd":0.25}\n');
  const lines = [1, 2, 3].map((step) => JSON.stringify({ step, dLoss: step, gLoss: -step }));
  const scores = { step: 4, swd: 0.25, 'odd<i>': 1, modes: [3, 0, 7] };
  writeFileSync(
    join(run, 'metrics.jsonl'),
    [...lines, '{"step":4,"dLo', '[]', JSON.stringify(scores), ''].join('\n'),
  );
  return run;
}
