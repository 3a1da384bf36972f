/** A NuGet feed on this machine, and packages for it. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32, deflateRawSync } from 'node:zlib';

/** A zip file, each entry's checksum its own unless `damaged`. */
export function zip(files: Record<string, Uint8Array>, { damaged = false } = {}): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, data] of Object.entries(files)) {
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt32LE((crc32(data) ^ (damaged ? 1 : 0)) >>> 0, 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = [Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed];
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    central.push(Buffer.from('PK\x01\x02\x14\0', 'latin1'), common, rest, Buffer.from(name));
    locals.push(...local);
    offset += local.reduce((sum, { length }) => sum + length, 0);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  const count = Object.keys(files).length;
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** The least that is an ELF library: a header, and `size` bytes of sections. */
export function library(size = 1000): Buffer {
  const file = Buffer.alloc(64 + 64, 0);
  file.write('\x7fELF\x02\x01', 'latin1');
  file.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18);
  file.writeBigUInt64LE(BigInt(64 + size), 40);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(1, 60);
  // Sections of noise, which do not compress to nothing.
  const noise = Uint8Array.from({ length: size }, (_, i) => (i * i) >> 3);
  return Buffer.concat([file.subarray(0, 64), noise, file.subarray(64)]);
}

export interface Feed {
  index: string;
  asked: string[];
  close(): void;
}

/** Serves an index at /v3/index.json, and `answer` for what it refers to. */
export async function serveFeed(answer: RequestListener): Promise<Feed> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    if (request.url !== '/v3/index.json') return answer(request, response);
    const base = { '@id': `http://127.0.0.1:${port}/flat`, '@type': 'PackageBaseAddress/3.0.0' };
    const search = { '@id': 'http://127.0.0.1:9/', '@type': 'SearchQueryService' };
    response.end(JSON.stringify({ version: '3.0.0', resources: [search, base] }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { index: `http://127.0.0.1:${port}/v3/index.json`, asked, close };
}
