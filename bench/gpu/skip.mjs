/** How a part of run.mjs says that it cannot be done here. */
import { probeDevice } from '@ganport/runtime/node';

/** Exit code of a part that was skipped. The reason is the last line on standard error. */
export const SKIPPED = 3;

/** Ends the process where the device does not work. */
export async function skipWithout(device) {
  const { works, why } = await probeDevice(device);
  if (works) return;
  console.error(why);
  process.exit(SKIPPED);
}
