/** The system's Chromium, and what its processes have computed. */
import { existsSync } from 'node:fs';
import type { Browser, CDPSession } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** @throws Error where there is none */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`no Chromium at ${CHROMIUM}: install it, or set CHROMIUM_PATH`);
  }
  // Here, since other benchmarks run where it is not installed: see bench/gpu/pack.mjs.
  const { chromium } = await import('playwright-core');
  return chromium.launch({
    executablePath: CHROMIUM,
    chromiumSandbox: false,
    args: ['--disable-quic', '--no-first-run', '--disable-background-networking', ...flags],
  });
}

/**
 * Counts the processor's seconds, of all processes of some types: "renderer" has the pages, "GPU" what they draw with.
 * @returns those that have passed, when it is called
 */
export async function startCpu(
  session: CDPSession,
  types: readonly string[],
): Promise<() => Promise<number>> {
  const read = async () => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const counted = processInfo.filter(({ type }) => types.includes(type));
    return new Map(counted.map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await read();
  return async () => {
    let seconds = 0;
    // One that has ended meanwhile is of a page that was left before.
    for (const [id, cpuTime] of await read()) seconds += cpuTime - (before.get(id) ?? 0);
    return seconds;
  };
}

/** What a page threw, in one line. */
export function lineOf(error: unknown): string {
  return String((error as Error).message ?? error)
    .replace(/^page\.evaluate: (Error: )?/, '')
    .split('\n')[0]!
    .slice(0, 120);
}
