/** A page as it is shipped, bundled from packages' sources, for browser tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';

const CONFIG = fileURLToPath(new URL('../packages/serve/vite.config.ts', import.meta.url));

export interface BundledPage {
  /** Where its files are. */
  folder: string;
  remove(): Promise<void>;
}

/** Bundles a folder's index.html, with the settings of the page that is served, or those of a file. */
export async function bundlePage(root: string, configFile = CONFIG): Promise<BundledPage> {
  const folder = await mkdtemp(join(tmpdir(), 'ganport-page-'));
  const remove = () => rm(folder, { recursive: true });
  try {
    await build({ configFile, root, logLevel: 'error', build: { outDir: folder } });
    return { folder, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Serves a bundled page by itself, on a free port. */
export async function servePage({
  folder,
}: BundledPage): Promise<{ url: string; close(): Promise<void> }> {
  const server = await preview({
    configFile: false,
    logLevel: 'error',
    build: { outDir: folder },
    preview: { host: '127.0.0.1', port: 0 },
  });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
