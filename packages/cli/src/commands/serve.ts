import { once } from 'node:events';
import type { ModelServer, ModelSource, ServerOptions } from '@ganport/serve';
import { expectName } from '@ganport/serve/settings';
import { asUsage, command, type Log, type Result, UsageError } from '../command.ts';
import { argument } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { expectExported, readGiven } from '../model-input.ts';
import { SERVE_FLAGS, servingOptions } from '../serve-flags.ts';

export const serve = command({
  usage: 'serve <model> [more..]',
  describe: 'Serve generators over HTTP, with a page that draws too',
  examples: [
    ['serve runs/mlp', 'Its generator.onnx to this machine, on port 3000'],
    ['serve model.onnx --host 0.0.0.0', 'To others too'],
    [
      'serve digits=runs/mlp faces=models/faces',
      'Two of them, at /models/digits/ and /models/faces/',
    ],
  ],
  arguments: {
    model: argument(
      'A generator.onnx, its run folder, a folder of versions (1/model.onnx, 2/…), or - for standard input; with a name as NAME=PATH',
    ),
    more: { ...argument('Others beside it'), demandOption: false, array: true },
  },
  flags: SERVE_FLAGS,
  run: async ({ model, more = [], ...typed }) => {
    const { createLog, startTracing } = await import('@ganport/serve');
    const given = [model, ...more].map(nameAndPath);
    expectOnce(given);
    const { logLevel, ...options } = await servingOptions(typed, process.env);
    const lines = createLog(logLevel);
    const log: Log = (line) => lines.info(line);
    const sources: ModelSource[] = [];
    for (const named of given) sources.push(await sourceOf(named, log));
    const tracing = await startTracing(process.env);
    return serveModels({ model: sources, ...options, log: lines, tracing }, log);
  },
});

interface Given {
  name: string | undefined;
  path: string;
}

/** Of NAME=PATH, or a path; what has a slash before its equals sign is one. @throws UsageError for what cannot be a name */
function nameAndPath(given: string): Given {
  const [, name, path = given] = /^([^=/\\]*)=(.+)$/s.exec(given) ?? [];
  if (name !== undefined) asUsage(() => expectName(name, 'NAME=PATH: '));
  return { name, path };
}

function expectOnce(given: readonly Given[]): void {
  const names = given.flatMap(({ name }) => name ?? []);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return;
  throw new UsageError(`NAME=PATH: expected each name once, got ${twice} twice`);
}

async function sourceOf({ name, path }: Given, log: Log): Promise<ModelSource> {
  if (path === '-') return { name, model: await readGiven(path) };
  await expectExported(path, log);
  return { name, model: path };
}

/** The result is where it serves; it then does so until Ctrl-C, which ends a start too. */
export async function serveModels(
  options: ServerOptions & { model: readonly ModelSource[] },
  log: Log,
): Promise<Result> {
  const { startServer } = await import('@ganport/serve');
  const ending = new AbortController();
  const starting = startServer({ ...options, signal: ending.signal });
  // While it starts, once it has. What waits as it closes is given up.
  const look = () => void starting.then(({ models }) => models.refresh()).catch(() => {});
  const reloads = !process.stdout.isTTY;
  if (reloads) process.on('SIGHUP', look);
  const serving = interruptible(
    async (signal) => {
      signal.addEventListener('abort', () => ending.abort(signal.reason));
      const server = await starting;
      if (!signal.aborted) await once(signal, 'abort');
      await server.close();
    },
    // A terminal that goes says so by SIGHUP.
    reloads ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'],
  ).finally(() => process.off('SIGHUP', look));
  try {
    const server = await starting;
    log(`Drawing on ${server.device} (${server.why}).`);
    const afterwards = async () => {
      await serving;
      log('Stopped.');
    };
    return { ...resultOf(server, options.model), afterwards };
  } catch (error) {
    await serving.catch(() => {});
    if (!ending.signal.aborted || error !== ending.signal.reason) throw error;
    return { json: { interrupted: true }, text: 'Stopped before it served.' };
  }
}

function resultOf(
  { url, adminUrl, device, models }: ModelServer,
  [first]: readonly ModelSource[],
): Result {
  const { model } = first!;
  const served = models.list();
  const addresses = served.map(({ name }) => `${name}: ${new URL(`models/${name}/`, url)}`);
  return {
    json: {
      ...{ model: typeof model === 'string' ? model : model.path, url, device },
      ...(adminUrl !== undefined && { admin: adminUrl }),
      models: served.map(({ name, versions }) => ({ name, versions: [...versions.keys()] })),
    },
    text: [...(served.length > 1 ? addresses : []), `Open ${url} – Ctrl-C stops.`].join('\n'),
  };
}
