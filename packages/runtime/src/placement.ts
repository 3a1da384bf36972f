/**
 * Which device each node of a session ran on, from onnxruntime's own profile: the session is created
 * with `enableProfiling`, run once, and `endProfiling()` writes the file read here. onnxruntime
 * quietly gives the CPU what a GPU's provider has no kernel for, each time with two copies.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Device } from './open-options.ts';

const PROVIDERS: Readonly<Record<string, Device>> = {
  CPUExecutionProvider: 'cpu',
  CUDAExecutionProvider: 'cuda',
  WebGpuExecutionProvider: 'webgpu',
};

/** How many nodes of each operator ran on a device. */
export type Placement = Partial<Record<Device, Record<string, number>>>;

/** What onnxruntime writes of a node's run, as far as it is read here. */
interface ProfileEvent {
  cat: string;
  name: string;
  args?: { op_name?: string; provider?: string };
}

/**
 * Reads and removes the profile that was written under a prefix.
 * @param prefix what the session's `profileFilePrefix` was
 */
export async function takePlacement(prefix: string): Promise<Placement> {
  const folder = dirname(prefix);
  const name = (await readdir(folder)).find((file) => file.startsWith(basename(prefix)));
  if (!name) throw new Error(`onnxruntime wrote no profile ${prefix}*`);
  const path = join(folder, name);
  try {
    return countNodes(JSON.parse(await readFile(path, 'utf8')));
  } finally {
    await rm(path);
  }
}

function countNodes(events: readonly ProfileEvent[]): Placement {
  const placement: Placement = {};
  for (const { cat, name, args } of events) {
    const device = PROVIDERS[args?.provider ?? ''];
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || !device || !args?.op_name) continue;
    placement[device] ??= {};
    const counts = placement[device];
    counts[args.op_name] = (counts[args.op_name] ?? 0) + 1;
  }
  return placement;
}

/** What ran on another device than the one asked for, such as "2 × Pad and 1 × Gather"; "" if nothing did. */
export function misplaced(placement: Placement, device: Device): string {
  return Object.entries(placement)
    .filter(([on]) => on !== device)
    .flatMap(([, ops]) => Object.entries(ops))
    .map(([op, count]) => `${count} × ${op}`)
    .join(', ');
}
