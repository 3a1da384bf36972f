import { dirname, join } from 'node:path';
import { writeFileAtomic } from '@ganport/model/node';
import { groupRuns, groupTable, planSweep, sweep } from '@ganport/train';
import { asUsage, command, type Log } from '../command.ts';
import { readJson } from '../config-file.ts';
import { ENGINE_FLAGS, engineFlags } from '../engine-flags.ts';
import { argument, text } from '../flags.ts';
import { exitCodeOf, interruptible } from '../interruption.ts';
import { commandLine } from '../invocation.ts';
import { scoreRun, trainRun } from '../sweep-run.ts';

export const sweepCommand = command({
  usage: 'sweep <file>',
  describe: 'Train a GAN with each of many settings and seeds, and compare them',
  examples: [
    ['sweep losses.json --out runs/losses', 'Again, it goes on where it was stopped'],
    ['sweep losses.json --out runs/losses --json', 'All scores of each run'],
  ],
  arguments: {
    file: argument('JSON file: "base" settings, what to "vary", how to "eval"'),
  },
  flags: {
    out: { ...text('Folder of the runs, results.json and results.md'), demandOption: true },
    ...ENGINE_FLAGS,
  },
  async run({ file, out, ...flags }, log) {
    const given = await readJson(file);
    const plan = asUsage(() => planSweep(given, file, dirname(file)));
    const trainer = engineFlags(flags);
    const onMachine = once(log);
    return interruptible(async (signal) => {
      const { records, interrupted } = await sweep({
        ...{ plan, folder: out, signal, onNotice: log },
        onRun: ({ name }, number) => log(`Run ${number} of ${plan.runs.length}: ${name}`),
        train: (run, folder, resume) =>
          trainRun(run, { folder, resume, trainer, signal, onMachine }, log),
        score: (run, folder, trained) =>
          scoreRun(run, { folder, trained, signal, how: plan.eval, from: dirname(file) }, log),
        onRecord: (all) =>
          writeFileAtomic(join(out, 'results.md'), `${groupTable(groupRuns(plan.runs, all))}\n`),
      });
      const groups = groupRuns(plan.runs, records);
      const json = { folder: out, of: plan.runs.length, interrupted, groups, runs: records };
      const failed = records.filter(({ status }) => status === 'failed');
      const done = records.filter(({ status }) => status === 'done');
      const lines = [
        groupTable(groups),
        '',
        ...failed.map(({ name, error }) => `Failed: ${name}: ${error}`),
        interrupted
          ? `Stopped with ${done.length} of ${plan.runs.length} runs done. Go on with: ${commandLine('sweep', file, '--out', out)}`
          : `${done.length} of ${plan.runs.length} runs are done; they are in ${out}.`,
      ];
      const isWrong = done.length === 0 || failed.some(({ diverged }) => !diverged);
      return {
        ...{ json, text: lines.join('\n') },
        exitCode: interrupted ? exitCodeOf(signal) : Number(isWrong),
      };
    });
  },
});

/** Logs a line the first time that it comes. */
function once(log: Log): Log {
  const told = new Set<string>();
  return (line) => {
    if (!told.has(line)) log(line);
    told.add(line);
  };
}
