import { once } from 'node:events';
import { DEVICES, type Device, type RunningServer, startServer } from '@ganport/serve';
import { type Context, command } from '../command.ts';

export const serve = command({
  usage: 'serve <model>',
  describe: 'Serve a generator.onnx over HTTP, with a page that draws too',
  options: (yargs) =>
    yargs
      .positional('model', { type: 'string', demandOption: true, describe: 'A generator.onnx' })
      .options({
        host: { string: true, default: '127.0.0.1', describe: 'Address to listen on' },
        port: { number: true, default: 3000, describe: 'Port to listen on; 0 takes a free one' },
        device: { choices: DEVICES, default: 'auto' as const, describe: 'Where to draw' },
      }),
  async run({ model, host, port, device }, context) {
    await serveUntilInterrupted({ model, host, port, device }, context);
    return { json: { model, served: true }, text: 'Stopped.' };
  },
});

export interface ServeRequest {
  model: string;
  host: string;
  port: number;
  device: Device;
}

/** Serves until Ctrl-C; tells on stderr where. */
export async function serveUntilInterrupted(
  request: ServeRequest,
  { signal, log }: Context,
): Promise<void> {
  const server: RunningServer = await startServer(request);
  log(`Drawing on ${server.device} (${server.why}).`);
  log(`Open ${server.url} – Ctrl-C stops.`);
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
}
