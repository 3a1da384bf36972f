/** How a part of run.mjs says that it cannot be done here. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CUDA_FILES, probeDevice, providerFolder } from '@ganport/runtime/node';

/** Exit code of a part that was skipped. The reason is the last line on standard error. */
export const SKIPPED = 3;

/** Ends the process where the device does not work. Who brought CUDA's provider wanted CUDA: that is a failure. */
export async function skipWithout(device) {
  const { works, why } = await probeDevice(device);
  if (works) return;
  console.error(why);
  const wanted =
    device === 'cuda' && CUDA_FILES.some((file) => existsSync(join(providerFolder(), file)));
  process.exit(wanted ? 1 : SKIPPED);
}
