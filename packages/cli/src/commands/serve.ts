import { once } from 'node:events';
import { GRACE_MS, LIMITS, type ServerOptions, startServer } from '@ganport/serve';
import { command, type Log, type Result } from '../command.ts';
import { integer, number, SHARED, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { MODEL, readGiven } from '../model-input.ts';

const SECONDS = { minValue: 0.001, maxValue: 86_400 };

export const serve = command({
  usage: 'serve <model>',
  describe: 'Serve a generator.onnx over HTTP, with a page that draws too',
  examples: [
    ['serve runs/mlp', 'Its generator.onnx to this machine, on port 3000'],
    ['serve model.onnx --host 0.0.0.0', 'To others too'],
  ],
  arguments: { model: MODEL },
  flags: {
    host: { ...text('Address to listen on'), default: '127.0.0.1' },
    port: SHARED.port,
    device: SHARED.device,
    'time-limit': SHARED['time-limit'],
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
  run: ({ model, host, port, device, ...flags }, log) => {
    const options = {
      timeLimitMs: flags['time-limit'] * 1000,
      maxBatch: flags['max-batch'],
      maxDelayMs: flags['max-delay'],
      maxQueue: flags['max-queue'],
      deadlineMs: flags.deadline * 1000,
      graceMs: flags.grace * 1000,
    };
    return serveModel({ model, host, port, device, ...options }, log);
  },
});

/** The result is where it serves; it then does so until Ctrl-C. */
export async function serveModel(
  { model: given, ...options }: ServerOptions & { model: string },
  log: Log,
): Promise<Result> {
  const model = await readGiven(given, log);
  const { url, device, why, close } = await startServer({ model, ...options });
  log(`Drawing on ${device} (${why}).`);
  // Before the address is told: whoever reads it may stop the server at once.
  const interrupted = interruptible((signal) => once(signal, 'abort'));
  return {
    json: { model: model.path, url, device },
    text: `Open ${url} – Ctrl-C stops.`,
    afterwards: async () => {
      await interrupted;
      await close();
      log('Stopped.');
    },
  };
}
