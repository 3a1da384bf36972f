/** What attributes ask for. */
import {
  type GeneratorMetadata,
  latents,
  MAX_INDEX,
  MAX_SEED,
  parseWholeNumber,
} from '@ganport/model';
import { choosing, classIndex, parseCodes } from '../chosen.ts';
import { SampleError } from '../error.ts';
import type { DrawOptions, SampleOptions } from '../sampler.ts';
import { slerp } from '../walk.ts';

/** Most pictures of one element: more are a page that nobody can look at. */
const MAX_COUNT = 1024;

export interface Wanted extends SampleOptions {
  seed: number;
  start: number;
  count: number;
  columns: number | undefined;
}

/** @throws SampleError that names the attribute, what was expected and got */
export function wantedBy(element: Element, metadata: GeneratorMetadata): Wanted {
  const number = (name: string, otherwise: number, least: number, most: number) => {
    const text = element.getAttribute(name);
    if (text === null) return otherwise;
    const parsed = parseWholeNumber(text, least, most);
    if ('value' in parsed) return parsed.value;
    throw new SampleError(`${name}: ${parsed.reason}`);
  };
  const label = element.getAttribute('label');
  const truncation = element.getAttribute('truncation');
  const codes = element.getAttribute('codes');
  return {
    seed: number('seed', 0, 0, MAX_SEED),
    start: number('start', 0, 0, MAX_INDEX),
    count: number('count', 1, 1, MAX_COUNT),
    columns: element.hasAttribute('columns') ? number('columns', 1, 1, MAX_COUNT) : undefined,
    label: label === null ? undefined : classIndex(label, metadata),
    truncation: truncation === null ? undefined : Number(truncation),
    codes: codes === null ? undefined : parseCodes(codes),
  };
}

/** Words for whom the pictures are not to be seen. */
export function describe(
  { seed, start, count, label }: Wanted,
  metadata: GeneratorMetadata,
): string {
  const what = count === 1 ? 'A generated picture' : `${count} generated pictures`;
  const of = label === undefined ? '' : ` of “${metadata.classes![label]}”`;
  return `${what}${of} by “${metadata.name}”, seed ${seed}${start > 0 ? ` from ${start}` : ''}`;
}

/**
 * Pictures on the way from those at `start` to the next ones, `at` of the way: picture i goes on to i + count.
 * @param at 0 is the pictures that `wanted` asks for, 1 those after them, and so on
 */
export function onTheWay(wanted: Wanted, metadata: GeneratorMetadata, at: number): DrawOptions {
  const { seed, start, count, label, truncation, codes = {} } = wanted;
  const { size } = metadata.latent;
  const leg = Math.floor(at);
  const z = new Float32Array(count * size);
  const stop = (index: number) =>
    latents(seed, (start + index) % (MAX_INDEX + 1), size, { truncation });
  for (let i = 0; i < count; i += 1) {
    const [from, to] = [stop(i + leg * count), stop(i + (leg + 1) * count)];
    z.set(slerp(from, to, at - leg), i * size);
  }
  const labels = metadata.classes?.map((_, i) => i);
  return {
    latents: choosing(codes, metadata)(z),
    labels: labels && Array.from({ length: count }, (_, i) => label ?? (start + i) % labels.length),
  };
}
