import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEVICES, type DeviceStatus } from '@ganport/onnx/node';
import { command } from '../command.ts';
import { table } from '../table.ts';
import { versions } from '../versions.ts';

export const doctor = command({
  usage: 'doctor',
  describe: 'Say what works on this machine, and what would make the rest work',
  examples: [['doctor --json', 'For a bug report']],
  options: (yargs) => yargs,
  async run() {
    const found: Findings = {
      versions: versions(),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        platform: `${process.platform}-${process.arch}`,
      },
      devices: {},
    };
    for (const device of DEVICES) {
      found.devices[device] = await probe(device);
    }
    return { json: found, text: toText(found) };
  },
});

interface Findings {
  versions: Record<string, string>;
  machine: { cpu: string; cores: number; memoryGiB: number; platform: string };
  /** Whether onnxruntime draws on each; training is on the CPU. */
  devices: Record<string, DeviceStatus>;
}

const PROBE = fileURLToPath(new URL('../probe.js', import.meta.url));

/** In a process of its own: what a driver prints, or that it crashes, then stays there. */
async function probe(device: string): Promise<DeviceStatus> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [PROBE, device]);
    return JSON.parse(stdout) as DeviceStatus;
  } catch (error) {
    const { code, signal } = error as { code?: number; signal?: string };
    return { works: false, why: `its process ended with ${signal ?? code}` };
  }
}

function toText({ versions, machine, devices }: Findings): string {
  const { cpu, cores, memoryGiB, platform } = machine;
  const rows: [string, string][] = [
    ['machine', `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`],
    ...Object.entries(versions),
  ];
  for (const [device, { works, why, remedy }] of Object.entries(devices)) {
    rows.push([device, works ? 'works' : `missing: ${why}`]);
    if (remedy) rows.push(['', `needs ${remedy}`]);
  }
  return table(rows);
}
