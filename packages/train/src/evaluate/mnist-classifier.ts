/** The frozen classifier of digits that comes with ganport: models/mnist-classifier.onnx. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import type { ImageSize } from './extractor.ts';

const FILE = fileURLToPath(new URL('../../models/mnist-classifier.onnx', import.meta.url));
/** As `pnpm --filter @ganport/train train-classifier` printed it: scores by another one do not compare. */
const SHA256 = 'df3ce8f6b51903cdc2860149611aeae442a72b9ca02eb81a4150f4be35185ac2';
const MAX_BYTES = 2 ** 20;

/** Whether images are of the kind it was trained on: 28 × 28 and grey. */
export function fitsClassifier({ channels, height, width }: ImageSize): boolean {
  return channels === 1 && height === 28 && width === 28;
}

/** Whether classes are those that its logits are for, in their order. */
export function areDigits(classes: readonly string[] | undefined): boolean {
  return classes?.join() === '0,1,2,3,4,5,6,7,8,9';
}

/** Its bytes: image float32 [N, 1, 28, 28] in −1…1 → features [N, 64], logits [N, 10]. @throws ModelError */
export async function readClassifier(): Promise<Uint8Array> {
  const bytes = await readFileWithin(FILE, MAX_BYTES);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === SHA256) return bytes;
  throw new ModelError(
    `${FILE} was changed: expected SHA-256 ${SHA256}, got ${sha256}; install ganport again`,
  );
}
