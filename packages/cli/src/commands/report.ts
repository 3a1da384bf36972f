import { join } from 'node:path';
import { report } from '@ganport/train';
import { command } from '../command.ts';
import { argument, text } from '../flags.ts';
import { commandLine } from '../invocation.ts';
import { deliver, expectOutput, STDOUT, wrote } from '../output.ts';

export const reportCommand = command({
  usage: 'report <run>',
  describe: 'Write one web page of a run: curves, pictures over time, settings',
  examples: [['report runs/mlp', 'Writes runs/mlp/report.html']],
  arguments: { run: argument('Run folder') },
  flags: {
    out: {
      ...text('File to write; - is standard output'),
      alias: 'o',
      defaultDescription: 'RUN/report.html',
    },
  },
  async run({ run, out = join(run, 'report.html'), json }) {
    expectOutput(out, json);
    const command = commandLine('train', '--config', 'config.json');
    const page = Buffer.from(await report(run, { command }));
    return deliver(out, page, {
      json: { file: out, bytes: page.length },
      text: `${wrote(out)}: ${page.length} bytes.${out === STDOUT ? '' : ' Open it in a browser.'}`,
    });
  },
});
