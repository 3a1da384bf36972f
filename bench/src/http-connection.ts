/** As little of an HTTP client as can be, so that what is measured is the server. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface Connection {
  /** Sends a request, one at a time. @returns the status, once the whole answer is there */
  ask(request: string): Promise<number>;
  close(): void;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * A connection to this machine that is kept; answers have a Content-Length. Whoever opens it closes it.
 * @param from the client's address: any of 127.0.0.0/8
 */
export async function openConnection(port: number, from = '127.0.0.1'): Promise<Connection> {
  const socket: Socket = connect({ port, host: '127.0.0.1', localAddress: from });
  await once(socket, 'connect');
  socket.setNoDelay(true);
  let waiting: { resolve(status: number): void; reject(error: Error): void } | undefined;
  let head: Buffer = Buffer.alloc(0);
  /** Of the answer whose head has come. */
  let [status, missing] = [0, 0];
  socket.on('data', (chunk: Buffer) => {
    let body = chunk.length;
    if (status === 0) {
      head = head.length > 0 ? Buffer.concat([head, chunk]) : chunk;
      const end = head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const text = head.toString('latin1', 0, end);
      status = Number(text.slice(9, 12));
      missing = Number(/\r\ncontent-length: (\d+)/i.exec(text)![1]);
      body = head.length - end - END_OF_HEAD.length;
      head = Buffer.alloc(0);
    }
    missing -= body;
    if (missing > 0) return;
    const answered = waiting;
    const got = status;
    [waiting, status] = [undefined, 0];
    answered?.resolve(got);
  });
  const end = () => waiting?.reject(new Error('the server ended the connection'));
  socket.on('error', end).on('close', end);
  return {
    ask(request) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      });
    },
    close: () => socket.destroy(),
  };
}
