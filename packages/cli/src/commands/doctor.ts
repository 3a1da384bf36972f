import { cpus, totalmem } from 'node:os';
import { type DeviceStatus, probeDevice } from '@ganport/serve';
import { command } from '../command.ts';
import { versions } from '../versions.ts';

export const doctor = command({
  usage: 'doctor',
  describe: 'Say what works on this machine, and what would make the rest work',
  options: (yargs) => yargs,
  async run() {
    const machine = {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: `${process.platform}-${process.arch}`,
    };
    // In turn: WebGPU's sessions share a context.
    const devices: Record<string, DeviceStatus> = {};
    for (const device of ['cpu', 'webgpu', 'cuda'] as const)
      devices[device] = await probeDevice(device);
    const found: Findings = { versions: versions(), machine, devices };
    return { json: found, text: toText(found) };
  },
});

interface Findings {
  versions: Record<string, string>;
  machine: { cpu: string; cores: number; memoryGiB: number; platform: string };
  /** Whether onnxruntime draws on each; training is on the CPU. */
  devices: Record<string, DeviceStatus>;
}

function toText({ versions, machine, devices }: Findings): string {
  const { cpu, cores, memoryGiB, platform } = machine;
  const lines = [
    `machine    ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}`,
    `versions   ${Object.entries(versions)
      .map((v) => v.join(' '))
      .join(', ')}`,
  ];
  for (const [device, { works, why, remedy }] of Object.entries(devices)) {
    lines.push(`${device.padEnd(11)}${works ? 'works' : `missing: ${why}`}`);
    if (remedy) lines.push(`${''.padEnd(11)}needs ${remedy}`);
  }
  return lines.join('\n');
}
