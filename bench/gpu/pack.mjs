/**
 * `node bench/gpu/pack.mjs FOLDER`, after `pnpm build`, on Linux x64: packs what run.sh needs on a machine
 * that has neither node nor a network. See README.md.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAX_BYTES = 60e6;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Another engine, what bundles and drives pages, and headers for a compiler: nothing of these is run. */
const LEFT_OUT = /^(@tensorflow\/.*|@jax-js\/.*|playwright-core|vite|node-api-headers)$/;

/** What no program of these loads, and binaries of other systems. */
const UNUSED =
  /\.(map|d\.[cm]?ts|tsbuildinfo|md|wasm)$|\/(darwin|win32|arm64|musl_x64)(\/|$)|^koffi\/(lib|vendor|doc)(\/|$)/;

/** Archives by the folders of packages that they hold; what is in no other is in "code". */
const ARCHIVES = {
  onnxruntime: ['onnxruntime-node', 'onnxruntime-common'],
  koffi: ['koffi', '@koromix'],
  sharp: ['sharp', '@img'],
};

const USAGE = 'usage: node bench/gpu/pack.mjs FOLDER';

function main([folder, ...more]) {
  if (folder === '--help' || folder === '-h') {
    console.log(USAGE);
    return;
  }
  if (!folder || folder.startsWith('-') || more.length > 0) throw new Error(USAGE);
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `packs for linux-x64 only, from its own files; this is ${process.platform}-${process.arch}`,
    );
  }
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(`${folder} is not empty: expected a folder that is, or none`);
  }
  const stage = mkdtempSync(join(tmpdir(), 'ganport-pack-'));
  try {
    stageApp(join(stage, 'app'));
    expectLoads(join(stage, 'app'));
    cpSync(process.execPath, join(stage, 'node'));
    chmodSync(join(stage, 'node'), 0o755);
    const parts = join(folder, 'parts');
    mkdirSync(parts, { recursive: true });
    const modules = (names) =>
      names
        .map((name) => `app/node_modules/${name}`)
        .filter((path) => existsSync(join(stage, path)));
    const native = Object.entries(ARCHIVES).map(([name, names]) => [name, modules(names)]);
    archive(stage, join(parts, 'node.tar.xz'), ['node']);
    for (const [name, paths] of native) archive(stage, join(parts, `${name}.tar.xz`), paths);
    const elsewhere = native.flatMap(([, paths]) => paths).map((path) => `--exclude=${path}`);
    archive(stage, join(parts, 'code.tar.xz'), [...elsewhere, 'app']);
  } finally {
    rmSync(stage, { recursive: true });
  }
  for (const file of ['run.sh', 'README.md'])
    cpSync(join(ROOT, 'bench/gpu', file), join(folder, file));
  report(folder);
}

/** The checkout's own layout, with dependencies in one node_modules: the programs find each other as here. */
function stageApp(app) {
  const packages = readdirSync(join(ROOT, 'packages'));
  const folders = [...packages.map((name) => `packages/${name}`), 'bench'];
  mkdirSync(join(app, 'node_modules/@ganport'), { recursive: true });
  for (const name of packages) {
    symlinkSync(`../../packages/${name}`, join(app, 'node_modules/@ganport', name));
  }
  for (const folder of folders) {
    const from = join(ROOT, folder);
    if (!existsSync(join(from, 'dist')))
      throw new Error(`${folder} is not built: run \`pnpm build\` first`);
    // What a package publishes but its sources; bench publishes nothing.
    const { files = ['dist', 'gpu', 'pytorch'] } = readPackage(from);
    const parts = files.filter((name) => name !== 'src' && !name.startsWith('!'));
    for (const part of ['package.json', ...parts]) {
      if (existsSync(join(from, part))) copy(join(from, part), join(app, folder, part), folder);
    }
    addDependencies(from, join(app, folder), app);
  }
}

/** Copies what a package depends on, and so on; a second version of a package goes below who wants it. */
function addDependencies(from, to, app) {
  const { dependencies, optionalDependencies } = readPackage(from);
  const wanted = Object.keys({ ...dependencies, ...optionalDependencies });
  for (const name of wanted) {
    if (name.startsWith('@ganport/') || LEFT_OUT.test(name)) continue;
    const source = find(name, from);
    // Optional: a binary of another system.
    if (!source && optionalDependencies?.[name]) continue;
    if (!source)
      throw new Error(`${name}, which ${from} needs, is not installed: run \`pnpm install\``);
    const { version } = readPackage(source);
    const shared = join(app, 'node_modules', name);
    const taken = existsSync(shared) && readPackage(shared).version;
    if (taken === version) continue;
    const target = taken ? join(to, 'node_modules', name) : shared;
    if (existsSync(target)) continue;
    copy(source, target, name);
    addDependencies(source, target, app);
  }
}

function readPackage(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** The folder of a package as Node finds it from another's; undefined if it is not there. */
function find(name, from) {
  for (let folder = realpathSync(from); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate);
    if (folder === dirname(folder)) return undefined;
  }
}

function copy(from, to, name) {
  mkdirSync(dirname(to), { recursive: true });
  const wanted = (path) => {
    const inside = relative(from, path);
    return !inside.split('/').includes('node_modules') && !UNUSED.test(join(name, inside));
  };
  cpSync(from, to, { recursive: true, filter: wanted });
}

/** Without koffi or a file of it, onnxruntime-node would serve, and nobody would notice. */
function expectLoads(app) {
  for (const [folder, name] of Object.entries({ runtime: 'koffi', sample: 'sharp' })) {
    const options = { cwd: join(app, 'packages', folder), stdio: ['ignore', 'inherit', 'pipe'] };
    execFileSync(process.execPath, ['-e', `require('${name}')`], options);
  }
}

function archive(folder, file, paths) {
  const env = { ...process.env, XZ_OPT: process.env.XZ_OPT ?? '-T0 -6' };
  execFileSync('tar', ['-C', folder, '-cJf', file, ...paths], { env, stdio: 'inherit' });
}

/** @throws Error if it is too large to carry */
function report(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => /\.\w+$/.test(name));
  const sizes = files.map((name) => [name, statSync(join(folder, name)).size]);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  for (const [name, size] of [...sizes, ['in all', total]]) {
    console.log(`${(size / 1e6).toFixed(2).padStart(6)} MB  ${name}`);
  }
  if (total > MAX_BYTES) throw new Error(`${total} bytes in all: expected at most ${MAX_BYTES}`);
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
