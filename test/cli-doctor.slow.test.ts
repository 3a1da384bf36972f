/** `ganport doctor` in processes of its own, with tools and a package of the test's. */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { library, serveFeed, zip } from '../packages/cli/test/nuget.ts';
import { Workspace } from '../packages/cli/test/workspace.ts';
import { fakeLibrary } from '../packages/runtime/test/fake-library.ts';
import { runCommand, startCommand } from './cli-process.ts';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

const workspace = new Workspace();
const { folder } = workspace;
afterAll(() => workspace.remove());

describe('doctor', () => {
  workspace.write('nvidia-smi', '#!/bin/sh\necho "NVIDIA H1, 570.86, 81559 MiB"\n');
  chmodSync(workspace.path('nvidia-smi'), 0o755);
  const software = existsSync(SWIFTSHADER);
  if (!software) console.warn(`WebGPU is not expected to work: there is no ${SWIFTSHADER}`);

  test('trains on all that works, WebGPU in software too', async () => {
    const env = [`VK_ICD_FILENAMES=${SWIFTSHADER}`, `XDG_RUNTIME_DIR=${folder}`];
    const before = ['env', ...(software ? env : []), `PATH=${folder}:${process.env.PATH}`];
    const { code, stdout, stderr } = await runCommand(['doctor', '--json'], folder, before);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^(Training 20 steps with \w+ on \w+ …\n){5}$/);
    const { versions, machine, engines } = JSON.parse(stdout);
    expect(versions).toMatchObject({
      node: process.versions.node,
      'tfjs-core': expect.any(String),
    });
    expect(machine.gpus).toEqual([{ name: 'NVIDIA H1', driver: '570.86', memory: '81559 MiB' }]);
    expect(engines).toHaveLength(5);
    for (const { engine, device, works, speed, why, remedy } of engines) {
      if (device === 'cpu' || (device === 'webgpu' && software)) {
        expect({ engine, device, works, why }).toEqual({ engine, device, works: true });
      }
      if (works) expect(speed.stepsPerSecond).toBeCloseTo(speed.steps / speed.seconds);
      else expect(why && remedy).toBeTruthy();
    }
  }, 150_000);
});

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('--install cuda', () => {
  // Another onnxruntime-node is what the command finds, so that this one stays as it is.
  const real = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const bin = join(folder, 'package/bin/napi-v6/linux/x64');
  mkdirSync(bin, { recursive: true });
  cpSync(join(real, 'package.json'), workspace.path('package/package.json'));
  cpSync(join(real, 'script'), workspace.path('package/script'), { recursive: true });
  mkdirSync(workspace.path('package/dist'));
  workspace.write(
    'other.cjs',
    `const Module = require('node:module');
     const resolve = Module._resolveFilename;
     Module._resolveFilename = function (name, ...rest) {
       const own = /^onnxruntime-node(\\/.*)?$/.exec(name);
       return own && /^(doctor|onnxruntime)$/.test(process.argv[2])
         ? ${JSON.stringify(workspace.path('package'))} + (own[1] ?? '/dist/index.js')
         : resolve.call(this, name, ...rest);
     };`,
  );
  const doctor = (index: string) => {
    const node = `NODE_OPTIONS=--require=${workspace.path('other.cjs')}`;
    return startCommand(['doctor', '--install', 'cuda'], folder, [
      'env',
      node,
      `NUGET_INDEX=${index}`,
    ]);
  };
  const native = 'runtimes/linux-x64/native/libonnxruntime_providers_';
  const files = { [`${native}shared.so`]: library(), [`${native}cuda.so`]: library(90_000) };

  test('without a network is one line', async () => {
    const { code, stdout, stderr } = await doctor('http://127.0.0.1:9/index.json').exit;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/\nganport: cannot install onnxruntime's CUDA provider: [^\n]+\n$/);
    expect(stderr).toContain(bin);
    expect(readdirSync(bin)).toEqual([]);
  });

  test('stopped by Ctrl-C leaves nothing', async () => {
    const feed = await serveFeed((_, response) => void response.write('PK'));
    const command = doctor(feed.index);
    while (feed.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    command.kill('SIGINT');
    const { code, stdout } = await command.exit;
    feed.close();
    expect({ code, stdout }).toEqual({ code: 130, stdout: 'Stopped: nothing was installed.\n' });
    expect(readdirSync(bin)).toEqual([]);
  });

  test('installs, says what is missing, and then has nothing to do', async () => {
    const feed = await serveFeed((_, response) => response.end(zip(files)));
    const first = await doctor(feed.index).exit;
    feed.close();
    expect(first.stdout).toMatch(
      /^Installed onnxruntime's CUDA provider .*\nIt does not work yet: /,
    );
    expect(first.code).toBe(0);
    expect(readdirSync(bin)).toHaveLength(2);
    const second = await doctor('http://127.0.0.1:9/index.json').exit;
    expect(second.stdout).toMatch(/^onnxruntime's CUDA provider is installed already, in /);
    expect(second.code).toBe(0);
  });

  test('of a provider for CUDA 13, says what misses and that there is one for CUDA 12', async () => {
    const library = 'libonnxruntime.so.1';
    cpSync(join(real, 'bin/napi-v6/linux/x64', library), join(bin, library));
    const needed = ['libcublasLt.so.13', 'libcudart.so.13', 'libcudnn.so.9', 'libc.so.6'];
    for (const file of ['shared', 'cuda']) {
      writeFileSync(join(bin, `libonnxruntime_providers_${file}.so`), fakeLibrary({ needed }));
    }
    const { stdout } = await doctor('http://127.0.0.1:9/index.json').exit;
    expect(stdout).toContain(
      'It does not work yet: its provider is for CUDA 13 and lacks libcublasLt.so.13, libcudart.so.13, libcudnn.so.9\n' +
        'It needs CUDA 13 and cuDNN 9, ',
    );
    expect(stdout).toContain(`for CUDA 12, NuGet's provider: remove ${bin}/`);
  });
});
