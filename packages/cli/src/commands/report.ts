import { join, resolve } from 'node:path';
import { quote } from '@ganport/model';
import { readRun } from '@ganport/model/node';
import { type Drawn, film, report } from '@ganport/train';
import { command, type Log, UsageError } from '../command.ts';
import { argument, text } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import { deliver, endingOf, expectOutput, expectPlace, STDOUT, wrote } from '../output.ts';
import { drawings } from '../report-drawings.ts';

export const reportCommand = command({
  usage: 'report <run>',
  describe: 'Write one web page of a run: curves, pictures over time, what it draws, settings',
  examples: [
    ['report runs/mlp', 'Writes runs/mlp/report.html'],
    ['report runs/mlp --film film.webp', 'And how its pictures changed, as an animated WebP'],
  ],
  arguments: { run: argument('Run folder') },
  flags: {
    out: {
      ...text('File to write; - is standard output'),
      alias: 'o',
      defaultDescription: 'RUN/report.html',
    },
    film: text('File to write a film of the training to, .webp'),
  },
  async run({ run, out = join(run, 'report.html'), film: filmOut, json }, log) {
    expectOutput(out, json);
    if (filmOut !== undefined && endingOf(filmOut) !== 'webp') {
      throw new UsageError(`--film: expected a name that ends in .webp, got ${quote(filmOut)}`);
    }
    if (filmOut !== undefined && resolve(filmOut) === resolve(out)) {
      throw new UsageError(`-o and --film: expected two files, got ${quote(out)} for both`);
    }
    await readRun(run);
    for (const file of filmOut === undefined ? [out] : [out, filmOut]) expectPlace(file);
    const command = commandLine('train', '--config', 'config.json');
    const drawn = await drawnOf(run, log);
    const page = Buffer.from(await report(run, { command, drawn, onNotice: log }));
    const said = `${wrote(out)}: ${page.length} bytes.${out === STDOUT ? '' : ' Open it in a browser.'}`;
    if (filmOut === undefined) {
      return deliver(out, page, { json: { file: out, bytes: page.length }, text: said });
    }
    const bytes = await film(run, { onNotice: log });
    await deliver(filmOut, bytes, { json: null, text: '' });
    return deliver(out, page, {
      json: { file: out, bytes: page.length, film: { file: filmOut, bytes: bytes.length } },
      text: `${said}\n${wrote(filmOut)}: ${bytes.length} bytes.`,
    });
  },
});

/** A run that draws nothing has a page all the same: before its first checkpoint, or where that is damaged. */
async function drawnOf(run: string, log: Log): Promise<Drawn[]> {
  try {
    return await drawings(run);
  } catch (error) {
    log(`The page has no pictures of what the generator draws: ${(error as Error).message}.`);
    return [];
  }
}
