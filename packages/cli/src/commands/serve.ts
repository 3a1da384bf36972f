import { once } from 'node:events';
import {
  GRACE_MS,
  LIMITS,
  type ModelEvent,
  type ModelSource,
  type ServerOptions,
  startServer,
} from '@ganport/serve';
import { command, type Log, type Result } from '../command.ts';
import { argument, integer, number, SHARED, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { expectExported, readGiven } from '../model-input.ts';

const SECONDS = { minValue: 0.001, maxValue: 86_400 };

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
  flags: {
    host: { ...text('Address to listen on'), default: '127.0.0.1' },
    port: SHARED.port,
    device: SHARED.device,
    'time-limit': SHARED['time-limit'],
    poll: {
      ...number('poll', 'Seconds between two looks for new versions of the models; 0 is never', {
        minValue: 0,
        maxValue: 86_400,
      }),
      default: 2,
    },
    'max-batch': {
      ...integer('max-batch', 'Most pictures of one run', { minValue: 1, maxValue: 4096 }),
      default: 64,
    },
    'max-delay': {
      ...number('max-delay', 'Milliseconds that a run which is not full waits for more pictures', {
        minValue: 0,
        maxValue: 1000,
      }),
      default: 0,
    },
    'max-queue': {
      ...integer('max-queue', 'Pictures that may wait or be drawn; more are refused with 429', {
        minValue: 1,
        maxValue: 2 ** 20,
      }),
      default: LIMITS.maxQueue,
    },
    deadline: {
      ...number('deadline', 'Seconds to answer in, or else with 504', SECONDS),
      default: LIMITS.deadlineMs / 1000,
    },
    grace: {
      ...number('grace', 'Seconds to finish what was asked for, when it is stopped', {
        ...SECONDS,
        minValue: 0,
      }),
      default: GRACE_MS / 1000,
    },
  },
  run: async ({ model, more = [], host, port, device, ...flags }, log) => {
    const options = {
      timeLimitMs: flags['time-limit'] * 1000,
      pollMs: flags.poll * 1000,
      maxBatch: flags['max-batch'],
      maxDelayMs: flags['max-delay'],
      maxQueue: flags['max-queue'],
      deadlineMs: flags.deadline * 1000,
      graceMs: flags.grace * 1000,
    };
    const sources: ModelSource[] = [];
    for (const given of [model, ...more]) sources.push(await sourceOf(given, log));
    return serveModels({ model: sources, host, port, device, ...options }, log);
  },
});

/** NAME=PATH, or a path; what has a slash before its equals sign is one. */
async function sourceOf(given: string, log: Log): Promise<ModelSource> {
  const [, name, path = given] = /^([^=/\\]*)=(.+)$/s.exec(given) ?? [];
  if (path === '-') return { name, model: await readGiven(path) };
  await expectExported(path, log);
  return { name, model: path };
}

/** The result is where it serves; it then does so until Ctrl-C. */
export async function serveModels(
  options: ServerOptions & { model: readonly ModelSource[] },
  log: Log,
): Promise<Result> {
  let serving = false;
  const onModel = (event: ModelEvent) => {
    if (event.type === 'refused') {
      log(`${event.name}, version ${event.version}, is not served: ${event.error.message}`);
    } else if (serving) log(`${event.name}, version ${event.version}: ${event.type}.`);
  };
  const server = await startServer({ ...options, onModel });
  serving = true;
  const { url, device, why, models } = server;
  log(`Drawing on ${device} (${why}).`);
  // Before the address is told: whoever reads it may stop the server at once, or reload.
  const reload = () => void models.refresh();
  const reloads = !process.stdout.isTTY;
  if (reloads) process.on('SIGHUP', reload);
  const interrupted = interruptible(
    (signal) => once(signal, 'abort'),
    // A terminal that goes says so by SIGHUP.
    reloads ? ['SIGINT', 'SIGTERM'] : ['SIGINT', 'SIGTERM', 'SIGHUP'],
  );
  const [{ model }] = options.model as [ModelSource];
  return {
    json: {
      ...{ model: typeof model === 'string' ? model : model.path, url, device },
      models: models.list().map(({ name, versions }) => ({ name, versions: [...versions.keys()] })),
    },
    text: `Open ${url} – Ctrl-C stops.`,
    afterwards: async () => {
      await interrupted;
      serving = false;
      await server.close();
      process.off('SIGHUP', reload);
      log('Stopped.');
    },
  };
}
