import { findRuns } from '@ganport/train';
import { command } from '../command.ts';
import { figure } from '../figure.ts';
import { argument } from '../flags.ts';

export const runs = command({
  usage: 'runs [folder]',
  describe: 'List run folders: what was trained, how far, and the best score',
  examples: [['runs', 'Those in the folder runs']],
  arguments: {
    folder: { ...argument('Folder of run folders'), demandOption: false, default: 'runs' },
  },
  flags: {},
  async run({ folder }) {
    const found = await findRuns(folder);
    const json = found.map(({ folder, run, steps, best }) => ({
      ...{ folder, name: run.config.name, data: run.dataset.name, seed: run.config.seed },
      ...{ loss: run.config.loss, steps, of: run.config.steps, best: best ?? null },
    }));
    const rows = json.map(({ folder, name, data, loss, seed, steps, of, best }) => [
      ...[folder, name, data, String(loss ?? ''), String(seed), `${steps}/${of}`],
      Object.entries(best?.scores ?? {})
        .map(([score, value]) => `${score} ${figure(value, 3)} at ${best!.step}`)
        .join(', '),
    ]);
    const head = ['run', 'name', 'data', 'loss', 'seed', 'steps', 'best'];
    return {
      json,
      text: found.length > 0 ? columns([head, ...rows]) : `There are no runs in ${folder}.`,
    };
  },
});

/** Rows of cells below each other. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
