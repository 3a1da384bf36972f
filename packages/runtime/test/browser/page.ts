/** Runs the suite's cases in a page, for program.browser.test.ts. */

import { openWeb } from '../../src/index.ts';
import type { Program } from '../../src/program.ts';
import type { Open, Traits } from '../program/case.ts';
import { programCases } from '../program/cases.ts';
import { ACCUMULATOR, accumulator, ramp } from '../program/models.ts';
import { runCase } from '../program/run-case.ts';

type WebDevice = 'wasm' | 'webgpu';

async function openerOn(device: WebDevice): Promise<Open> {
  const ort =
    device === 'webgpu'
      ? await import('onnxruntime-web/webgpu')
      : await import('onnxruntime-web/wasm');
  ort.env.wasm.numThreads = 1;
  return (model, options) => openWeb(ort, model, { ...options, device });
}

let kept: Program | undefined;

const api = {
  async runCase(device: WebDevice, name: string, traits: Traits): Promise<void> {
    const found = programCases.find((one) => one.name === name);
    if (!found) throw new Error(`no case "${name}"`);
    await runCase(found, await openerOn(device), traits);
  },
  /** Opens an accumulator that the page keeps, and says what it is. */
  async open(device: WebDevice): Promise<string> {
    kept = await (await openerOn(device))(accumulator(), ACCUMULATOR);
    return kept.description;
  },
  /** Runs it so many times. @returns what it counts as its traffic from the device */
  async run(times: number): Promise<number> {
    for (let i = 0; i < times; i += 1) await kept!.run({ x: ramp(i) });
    return kept!.traffic.fromDevice;
  },
  /** Writes and reads it so many times, each time with a run that is cancelled; how many of those were. */
  async use(times: number): Promise<number> {
    let cancelled = 0;
    for (let i = 0; i < times; i += 1) {
      await kept!.write({ sum: ramp(i) });
      await kept!.read(['sum']);
      const controller = new AbortController();
      const run = kept!.run({ x: ramp(i) }, { signal: controller.signal });
      // After the turn has begun, before the run ends.
      for (let tick = 0; tick < 5; tick += 1) await undefined;
      controller.abort();
      await run.catch(() => {
        cancelled += 1;
      });
    }
    return cancelled;
  },
  close: () => kept!.close(),
};

declare global {
  interface Window {
    program: typeof api;
  }
}

window.program = api;
