/**
 * `bench alarm`: how many of sixty labelled runs the alarm judges as they are labelled, and what share of training's
 * time it takes. Runs are kept in .cache/alarm: other bounds are tried on them without training anew.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '@ganport/model/node';
import { generatorGradient, resolveConfig } from '@ganport/train';
import { formatTable } from '../report.ts';
import { judge, type Verdict } from './judge.ts';
import {
  DATA,
  type LabelledRun,
  LOOK_EVERY,
  labelledRuns,
  STEPS,
  settingsOf,
  WAYS,
} from './runs.ts';
import { type TrainRunsOptions, trainRuns } from './train-runs.ts';

const FOLDER = fileURLToPath(new URL('../../../.cache/alarm', import.meta.url));

export interface AlarmResult {
  verdicts: Verdict[];
  /** Of the processor time of training, by data set. */
  shares: { data: string; share: number }[];
}

export async function benchAlarm(options: Omit<TrainRunsOptions, 'folder'>): Promise<AlarmResult> {
  mkdirSync(FOLDER, { recursive: true });
  const runs = labelledRuns();
  await trainRuns(runs, { ...options, folder: FOLDER });
  const verdicts: Verdict[] = [];
  for (const run of runs) verdicts.push(await judge(run, FOLDER));
  const shares: AlarmResult['shares'] = [];
  for (const data of DATA) {
    const share = await shareOf(runs.find((run) => run.data === data)!, options);
    shares.push({ data, share });
  }
  return { verdicts, shares };
}

/** Trains a run once more, for its processor time. */
async function shareOf(
  run: LabelledRun,
  options: Omit<TrainRunsOptions, 'folder'>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ganport-alarm-'));
  try {
    const before = process.cpuUsage();
    await trainRuns([run], { ...options, folder });
    const { user, system } = process.cpuUsage(before);
    const { alarmMs } = await judge(run, folder);
    return (alarmMs + (await gradientMs(run, folder))) / ((user + system) / 1000);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the generator's gradient takes at all checkpoints. */
async function gradientMs(run: LabelledRun, folder: string): Promise<number> {
  const { tensors } = await readCheckpoint(join(folder, run.name), 'latest');
  const state = Object.fromEntries(
    Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]),
  );
  const config = resolveConfig([[run.name, settingsOf(run)]]);
  const before = process.cpuUsage();
  for (let i = 0; i < STEPS / LOOK_EVERY; i++) generatorGradient(state, config, STEPS);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export function formatAlarm({ verdicts, shares }: AlarmResult): string {
  const rows = Object.entries(WAYS).map(([way, { broken }]) => {
    const halves = [1, 0].map((odd) => {
      const half = verdicts.filter((one) => one.way === way && one.seed % 2 === odd);
      return `${half.filter(({ caught }) => caught !== undefined).length} of ${half.length}`;
    });
    const steps = DATA.map((data) => {
      const each = verdicts.filter((one) => one.way === way && one.data === data);
      return each.map(({ caught }) => caught ?? '–').join(', ');
    });
    return [way, broken ? 'broken' : 'healthy', ...halves, ...steps];
  });
  const header = [
    '',
    'label',
    'told of, odd seeds',
    'even seeds',
    ...DATA.map((data) => `${data}, at step`),
  ];
  const share = shares.map(({ data, share }) => `${(100 * share).toFixed(2)} % (${data})`);
  return `\n${formatTable([header, ...rows]).join('\n')}\n\n${summary(verdicts)}\nOf training's processor time: ${share.join(', ')}\n`;
}

/** The shares that were told of, by label and by half. */
function summary(verdicts: readonly Verdict[]): string {
  return [1, 0]
    .map((odd) => {
      const told = [true, false].map((broken) => {
        const some = verdicts.filter((one) => one.broken === broken && one.seed % 2 === odd);
        const caught = some.filter((one) => one.caught !== undefined).length;
        const share = ((100 * caught) / some.length).toFixed(0);
        return `${caught} of ${some.length} ${broken ? 'broken' : 'healthy'} (${share} %)`;
      });
      return `${odd ? 'odd' : 'even'} seeds: told of ${told.join(', ')}`;
    })
    .join('\n');
}
