import { once } from 'node:events';
import { type ServerOptions, startServer } from '@ganport/serve';
import { command, type Log, type Result } from '../command.ts';
import { argument, SHARED, text } from '../flags.ts';
import { interruptible } from '../interruption.ts';

export const serve = command({
  usage: 'serve <model>',
  describe: 'Serve a generator.onnx over HTTP, with a page that draws too',
  examples: [
    ['serve model.onnx', 'To this machine, on port 3000'],
    ['serve model.onnx --host 0.0.0.0', 'To others too'],
  ],
  arguments: { model: argument('A generator.onnx') },
  flags: {
    host: { ...text('Address to listen on'), default: '127.0.0.1' },
    port: SHARED.port,
    device: SHARED.device,
  },
  run: ({ model, host, port, device }, log) => serveModel({ model, host, port, device }, log),
});

/** The result is where it serves; it then does so until Ctrl-C. */
export async function serveModel(options: ServerOptions, log: Log): Promise<Result> {
  const { url, device, why, close } = await startServer(options);
  log(`Drawing on ${device} (${why}).`);
  // Before the address is told: whoever reads it may stop the server at once.
  const interrupted = interruptible((signal) => once(signal, 'abort'));
  return {
    json: { model: options.model, url, device },
    text: `Open ${url} – Ctrl-C stops.`,
    afterwards: async () => {
      await interrupted;
      await close();
      log('Stopped.');
    },
  };
}
