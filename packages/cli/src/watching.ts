/** The page of a run that `train --watch` and `watch` serve. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { exportGenerator } from '@ganport/export';
import type { Watch } from '@ganport/serve';
import { createRunView, PAGE, type RunView } from '@ganport/train';
import type { Log } from './command.ts';
import { integer } from './flags.ts';
import { versions } from './versions.ts';

/** The port where none is named, if it is free. */
export const WATCH_PORT = 3100;

const PORTS = { minValue: 0, maxValue: 65_535 };

/** A port that may be left out: then it is "default". */
export function portOrDefault(flag: string, describe: string) {
  const { requiresArg: _, coerce, ...rest } = integer(flag, describe, PORTS);
  return {
    ...rest,
    string: true,
    coerce: (given: string): number | 'default' => (given === '' ? 'default' : coerce(given)),
    defaultDescription: `${WATCH_PORT}, or another that is free`,
  } as const;
}

export interface RunWatch extends Watch {
  /** Says which run the page is of. */
  show(folder: string): void;
}

/**
 * Serves a page, which waits until it is told of a run.
 * @param flag what a person names the port with
 * @throws ServeError if the port that was asked for cannot be had
 */
export async function openWatch(
  port: number | 'default',
  log: Log,
  flag = '--watch',
): Promise<RunWatch> {
  // Loaded where something is served: the service is a quarter of what a command loads.
  const { ServeError, startWatch } = await import('@ganport/serve');
  const script = drawingScript();
  let view: RunView | undefined;
  const watched = {
    files: script === undefined ? PAGE : { ...PAGE, '/gan-image.js': { type: 'js', text: script } },
    // Where nothing is to be shown yet, null.
    update: async () => (await view?.update()) ?? null,
    picture: async (step: number) => view?.picture(step),
    generator: async (step: number) => view?.generator(step),
  };
  const watch = await start();
  return {
    ...watch,
    show(folder) {
      view = createRunView(folder, {
        exportGenerator: script === undefined ? undefined : exported,
      });
    },
  };

  async function start(): Promise<Watch> {
    if (port !== 'default') return startWatch(watched, { port, flag });
    try {
      return await startWatch(watched, { port: WATCH_PORT, flag });
    } catch (error) {
      if (!(error instanceof ServeError)) throw error;
      log(`Port ${WATCH_PORT} cannot be had, so the page is at another.`);
      return startWatch(watched, { port: 0, flag });
    }
  }
}

/** What the page draws with; undefined where it is not built, and then the page draws nothing. */
function drawingScript(): string | undefined {
  try {
    return readFileSync(createRequire(import.meta.url).resolve('@ganport/sample/script'), 'utf8');
  } catch {
    return undefined;
  }
}

async function exported(folder: string, checkpoint: number): Promise<Uint8Array> {
  const { ganport: version } = versions();
  return (await exportGenerator(folder, { checkpoint, version })).model;
}
