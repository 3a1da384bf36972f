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
  /** Milliseconds of processor time that the alarm took, with what it measures of pictures. */
  alarmMs: number;
}

/** In a grid of samples. */
const PICTURES = 64;
/** Of the digits that `kinds` are counted of. */
const CLASSES = 10;

/** What the alarm is told: metrics of a step, or pictures with those of their checkpoint. */
interface Told {
  step: number;
  metrics: Record<string, number>;
  images?: Float32Array;
}

export async function judge(run: LabelledRun, folder: string): Promise<Verdict> {
  const place = join(folder, run.name);
  const { diverged } = JSON.parse(readFileSync(join(place, OUTCOME), 'utf8')) as Outcome;
  const told = await readTold(place, run);
  const config = resolveConfig([[run.name, settingsOf(run)]]);
  const said: string[] = [];
  const before = process.cpuUsage();
  const alarm = createAlarm({ ...config, classes: false }, (line) => said.push(line));
  for (const { step, metrics, images } of told) {
    if (!images) {
      alarm.step(step, metrics);
      continue;
    }
    // Which training has measured, and has to be in the time here.
    nearestDistance(images, images.length / PICTURES);
    const { kinds, variety, gGradient } = metrics;
    alarm.look(step, {
      ...{ images, variety: variety! },
      ...(kinds && { kinds: { pictures: kinds, data: CLASSES } }),
      // As large as the log has it: what second moments remember besides is not in it.
      ...(gGradient && { gradient: { now: gGradient, before: gGradient } }),
    });
  }
  const { user, system } = process.cpuUsage(before);
  if (diverged) said.push(diverged);
  const [first] = said;
  return {
    ...run,
    caught: first === undefined ? undefined : Number(/step (\d+)/.exec(first)![1]),
    said,
    variety: told.flatMap(({ metrics: { variety } }) => variety ?? []),
    alarmMs: (user + system) / 1000,
  };
}

async function readTold(place: string, run: LabelledRun): Promise<Told[]> {
  const told: Told[] = [];
  for (const line of readFileSync(join(place, 'metrics.jsonl'), 'utf8').trim().split('\n')) {
    const { step, ...metrics } = JSON.parse(line) as { step: number } & Record<string, number>;
    const isLook = metrics.variety !== undefined;
    const png = join(place, 'samples', checkpointName(step).replace('safetensors', 'png'));
    const images = isLook ? { images: await readGrid(png, CHANNELS[run.data]) } : {};
    told.push({ step, metrics, ...images });
  }
  return told;
}
