import { once } from 'node:events';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '@ganport/model';
import { fileError } from '@ganport/model/node';
import { command, type Result } from '../command.ts';
import { integer, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';

/** Where the page is unless a port is named. */
const PORT = 3200;

export const tab = command({
  usage: 'tab',
  describe: 'Serve a page in which a GAN trains, in the browser itself',
  examples: [
    ['tab', `At http://127.0.0.1:${PORT}/`],
    ['tab -o public/train', 'As a folder for any web server, without code on the server'],
  ],
  arguments: {},
  flags: {
    port: {
      ...integer('port', 'Port to listen on; 0 takes a free one', {
        minValue: 0,
        maxValue: 65_535,
      }),
      default: PORT,
    },
    out: { ...text('Write the page into a new folder, and serve nothing'), alias: 'o' },
  },
  async run({ port, out }, log): Promise<Result> {
    if (out !== undefined) {
      const files = await writePage(out);
      const text = `Wrote the page into ${out}: ${files} files. Serve it over https, or from localhost.`;
      return { json: { out, files }, text };
    }
    const { servePage } = await import('@ganport/tab');
    const page = await servePage({ port });
    // Before the address is told: whoever reads it may stop the server at once.
    const interrupted = interruptible((signal) => once(signal, 'abort'));
    return {
      json: { url: page.url },
      text: `Open ${page.url} – Ctrl-C stops.`,
      afterwards: async () => {
        await interrupted;
        await page.close();
        log('Stopped.');
      },
    };
  },
});

/** @returns how many files there are */
async function writePage(out: string): Promise<number> {
  const { expectPage, PAGE_FOLDER } = await import('@ganport/tab');
  expectPage();
  const present = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw fileError(`write ${out}`, error);
    return [];
  });
  if (present.length > 0) throw new ModelError(`${out} is not empty: choose another -o`);
  try {
    await cp(PAGE_FOLDER, out, { recursive: true });
  } catch (error) {
    // It was empty, or not there.
    for (const name of await readdir(out).catch((): string[] => [])) {
      await rm(join(out, name), { recursive: true });
    }
    throw fileError(`write ${out}`, error);
  }
  return (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  ).length;
}
