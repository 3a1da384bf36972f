import { once } from 'node:events';
import { readRun } from '@ganport/model/node';
import { command } from '../command.ts';
import { argument } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { openWatch, portOrDefault, WATCH_PORT } from '../watching.ts';

export const watch = command({
  usage: 'watch <run>',
  describe: 'Show how a run goes, or went, in a page: curves, pictures, warnings',
  examples: [
    ['watch runs/quick', `At http://127.0.0.1:${WATCH_PORT}/, while it trains or later`],
    ['watch runs/quick --port 8080', 'At another port'],
  ],
  arguments: { run: argument('Run folder, of whatever trains there') },
  flags: { port: portOrDefault('port', 'Port to listen on; 0 takes a free one') },
  async run({ run, port = 'default' }, log) {
    // A folder that is none is said here, not in the page.
    await readRun(run);
    const page = await openWatch(port, log, '--port');
    page.show(run);
    // Before the address is told: whoever reads it may stop the server at once.
    const interrupted = interruptible((signal) => once(signal, 'abort'));
    return {
      json: { run, url: page.url },
      text: `Open ${page.url} – Ctrl-C stops.`,
      afterwards: async () => {
        await interrupted;
        await page.close();
        log('Stopped.');
      },
    };
  },
});
