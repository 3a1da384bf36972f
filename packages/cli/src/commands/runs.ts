import { stat } from 'node:fs/promises';
import { fileError } from '@ganport/model/node';
import { printable } from '@ganport/onnx';
import { bestOnEach, differences, findRuns, type RunSummary, uncommon } from '@ganport/train';
import { command } from '../command.ts';
import { figure } from '../figure.ts';
import { argument } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import { columns } from '../table.ts';

/** Where `train` makes run folders. */
const USUAL = 'runs';

export const runs = command({
  usage: 'runs [folder]',
  describe: 'List and compare runs: what was trained, how far, how well, and how they differ',
  examples: [['runs', 'Those in the folder runs']],
  arguments: {
    folder: {
      ...argument('Folder of run folders'),
      demandOption: false,
      defaultDescription: `"${USUAL}"`,
    },
  },
  flags: {},
  async run({ folder: named }, log) {
    const folder = named ?? USUAL;
    const given = await stat(folder).catch((error) => {
      // Before the first run there is no folder of runs; one that is named is looked for.
      if (named !== undefined) throw fileError(`read ${folder}`, error);
      return undefined;
    });
    if (given && !given.isDirectory()) {
      throw new Error(`${folder} is a file: expected a folder of run folders`);
    }
    const { runs: found, unreadable, folders } = await findRuns(folder);
    for (const { folder, reason } of unreadable) {
      log(printable(`${folder} is left out: ${reason}`));
    }
    for (const { folder, count } of folders) {
      const how = commandLine('runs', folder);
      log(printable(`Runs in ${folder}, as of a sweep: ${count}; ${how} lists them.`));
    }
    const settings = differences(found.map(({ run }) => run));
    const json = found.map(({ folder, run, steps, training, best }, i) => ({
      ...{ folder, name: run.config.name, data: run.dataset.name, seed: run.config.seed },
      ...{ loss: run.config.loss, steps, of: run.config.steps, training, best: best ?? null },
      settings: settings[i]!,
    }));
    const unlike = uncommon(settings);
    const rows = json.map(({ folder, name, data, loss, seed, steps, of, training, best }, i) => [
      ...[folder, name, data, String(loss ?? ''), String(seed)],
      `${steps}/${of}${training ? ', training' : ''}`,
      best ? scoresOf(best) : '',
      differing(unlike[i]!),
    ]);
    const head = ['run', 'name', 'data', 'loss', 'seed', 'steps', 'best', 'differs in'];
    const best = bestOnEach(found).map(
      ({ folder, run, best }) => `The best on ${run.dataset.name}: ${folder}, ${scoresOf(best!)}`,
    );
    const lines = [...columns([head, ...rows]), ...best].map(printable);
    return {
      json,
      text:
        found.length > 0
          ? lines.join('\n')
          : given
            ? `There are no runs in ${folder}.`
            : `There is no folder ${folder}.`,
    };
  },
});

/** Settings of a row that are told; more are in what --json prints. */
const MOST_SETTINGS = 3;
/** Told without their values, which are lists of layers. */
const NETWORKS = ['generator', 'discriminator'];

function differing(settings: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(settings).map(([path, value]) =>
    NETWORKS.includes(path) ? `another ${path}` : `${path} ${value ?? '–'}`,
  );
  const more = said.splice(MOST_SETTINGS).length;
  return [...said, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

function scoresOf({ step, scores }: NonNullable<RunSummary['best']>): string {
  const said = Object.entries(scores).map(([name, value]) => `${name} ${figure(value, 3)}`);
  return `${said.join(', ')} at ${step}`.trimStart();
}
