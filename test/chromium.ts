/** The system's Chromium, for tests of what runs in a page. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** WebGPU rendered by SwiftShader: shows correctness, never speed. */
export const SOFTWARE_WEBGPU = '--enable-unsafe-webgpu';

export interface OpenedPage {
  page: Page;
  /** What the page's console and policy report. */
  complaints: string[];
  close(): Promise<void>;
}

/** Its pages share what the browser has compiled: a runtime's WebAssembly takes seconds. */
export interface StartedChromium {
  /** Opens a blank page; whoever opens it closes it. */
  open(): Promise<OpenedPage>;
  close(): Promise<void>;
}

/** Whether there is a Chromium; tests are skipped where there is none, and fail where CI is set. */
export function hasChromium(): boolean {
  if (existsSync(CHROMIUM)) return true;
  const missing = `no Chromium at ${CHROMIUM}: install it, or set CHROMIUM_PATH`;
  if (process.env.CI) throw new Error(missing);
  console.warn(`browser tests skipped: ${missing}`);
  return false;
}

/** Starts a browser for the pages of a test file; whoever starts it closes it. */
export async function startChromium(flags: readonly string[]): Promise<StartedChromium> {
  const profile = await mkdtemp(join(tmpdir(), 'ganport-chromium-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    chromiumSandbox: false,
    args: [
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...flags,
    ],
  });
  await context.addInitScript(countGpuWork);
  return {
    async open() {
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      return { page, complaints, close: () => page.close() };
    },
    async close() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

export interface GpuWork {
  /** Compute passes' dispatches, so that "WebGPU" on a page is not just a word. */
  dispatches: number;
  /** Buffers created and not destroyed. */
  buffers: number;
  /** Bytes of buffers that were mapped to be read: what comes back. */
  mapped: number;
}

/** What the page has given to a GPU until now. */
export function gpuWork(page: Page): Promise<GpuWork> {
  return page.evaluate(() => (globalThis as unknown as { gpuWork: GpuWork }).gpuWork);
}

/** Runs in the page, before its own scripts. */
function countGpuWork(): void {
  const work: GpuWork = { dispatches: 0, buffers: 0, mapped: 0 };
  Object.assign(globalThis, { gpuWork: work });
  if (!globalThis.GPUComputePassEncoder) return;
  const after = <T extends object>(target: T, name: keyof T, count: (self: T) => void) => {
    const method = target[name] as (...args: unknown[]) => unknown;
    const counted = function (this: T, ...args: unknown[]) {
      count(this);
      return method.apply(this, args);
    };
    Object.assign(target, { [name]: counted });
  };
  const dispatched = () => {
    work.dispatches += 1;
  };
  after(GPUComputePassEncoder.prototype, 'dispatchWorkgroups', dispatched);
  after(GPUComputePassEncoder.prototype, 'dispatchWorkgroupsIndirect', dispatched);
  after(GPUDevice.prototype, 'createBuffer', () => {
    work.buffers += 1;
  });
  after(GPUBuffer.prototype, 'mapAsync', ({ size, usage }) => {
    if (usage & GPUBufferUsage.MAP_READ) work.mapped += size;
  });
  const destroyed = new WeakSet<GPUBuffer>();
  after(GPUBuffer.prototype, 'destroy', (buffer) => {
    if (!destroyed.has(buffer)) work.buffers -= 1;
    destroyed.add(buffer);
  });
}
