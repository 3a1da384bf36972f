import { once } from 'node:events';
import { type ServerOptions, startServer } from '@ganport/serve';
import { command, type Log, type Result } from '../command.ts';
import { SHARED, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';
import { MODEL, readGiven } from '../model-input.ts';

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
  },
  run: ({ model, host, port, device, 'time-limit': seconds }, log) =>
    serveModel({ model, host, port, device, timeLimitMs: seconds * 1000 }, log),
});

/** The result is where it serves; it then does so until Ctrl-C. */
export async function serveModel(
  { model: given, ...options }: ServerOptions & { model: string },
  log: Log,
): Promise<Result> {
  const model = await readGiven(given);
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
