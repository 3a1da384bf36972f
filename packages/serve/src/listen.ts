/** An address to listen on, or why it cannot be had. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { firstLine } from '@ganport/onnx';
import { ServeError } from './error.ts';

/** For what takes long before it serves. @throws ServeError if the address cannot be had. */
export async function expectFreePort(host: string, port: number): Promise<void> {
  const server = createServer();
  await listen(server, host, port);
  const closed = once(server, 'close');
  server.close();
  await closed;
}

/**
 * @param flag what a person names another port with
 * @throws ServeError if the address cannot be had
 */
export async function listen(
  server: Server,
  host: string,
  port: number,
  flag = '--port',
): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const reasons: Record<string, string> = {
      EADDRINUSE: `port ${port} of ${host} is in use: stop what uses it, or choose another with ${flag}`,
      EACCES: `port ${port} needs privileges: choose one above 1023 with ${flag}`,
      EADDRNOTAVAIL: `this machine has no address ${host}: choose another with --host`,
      ENOTFOUND: `there is no host ${host}: choose another with --host`,
    };
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
    throw new ServeError(reason ?? `cannot listen on ${host}:${port}: ${firstLine(error)}`);
  }
}
