/** What the alarm says of a run, told again what the run's folder has: whatever bounds it has now. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nearestDistance } from '@ganport/model';
import { checkpointName } from '@ganport/model/node';
import { createAlarm, resolveConfig } from '@ganport/train';
import { readGrid } from './grid.ts';
import { CHANNELS, type LabelledRun, settingsOf } from './runs.ts';
import { OUTCOME, type Outcome } from './train-runs.ts';

export interface Verdict extends LabelledRun {
  /** The step at which something was said first; of training that diverged, where it ended. */
  caught: number | undefined;
  /** All that was said, a line each. */
  said: string[];
  /** The pictures' variety at each look. */
  variety: number[];
  /** Milliseconds that the alarm took of training, with what it measures of pictures. */
  alarmMs: number;
}

/** Metrics of a step, or those of a checkpoint. */
type Line = { step: number } & Partial<Record<string, number>>;

export async function judge(run: LabelledRun, folder: string): Promise<Verdict> {
  const place = join(folder, run.name);
  const read = (name: string) => readFileSync(join(place, name), 'utf8');
  const { diverged } = JSON.parse(read(OUTCOME)) as Outcome;
  const config = resolveConfig([[run.name, settingsOf(run)]]);
  const said: string[] = [];
  const alarm = createAlarm(config, (line) => said.push(line));
  const seen: number[] = [];
  let alarmMs = 0;
  const timed = (work: () => void) => {
    const began = performance.now();
    work();
    alarmMs += performance.now() - began;
  };
  for (const text of read('metrics.jsonl').trim().split('\n')) {
    const { step, ...metrics } = JSON.parse(text) as Line;
    const { variety, gGradient } = metrics;
    if (variety === undefined || gGradient === undefined) {
      timed(() => alarm.step(step, metrics as Record<string, number>));
      continue;
    }
    seen.push(variety);
    const png = join(place, 'samples', checkpointName(step).replace('safetensors', 'png'));
    const images = await readGrid(png, CHANNELS[run.data]);
    timed(() => {
      nearestDistance(images, images.length / 64);
      // As large as the log has it: what second moments remember besides is not in it.
      alarm.look(step, { images, variety, gradient: { now: gGradient, before: gGradient } });
    });
  }
  if (diverged) said.push(diverged);
  const [first] = said;
  const caught = first === undefined ? undefined : Number(/step (\d+)/.exec(first)![1]);
  return { ...run, caught, said, variety: seen, alarmMs };
}
