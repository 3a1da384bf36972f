/** What a report shows of a run's generator: each class in several styles, and walks from picture to picture. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exportGenerator } from '@ganport/export';
import type { Images } from '@ganport/model';
import type { Sampler } from '@ganport/sample';
import { encodeImages, loadGenerator } from '@ganport/sample/node';
import type { Drawn } from '@ganport/train';
import { versions } from './versions.ts';

const SEED = 42;
/** Pictures of a row: latents beside each other, or steps of a walk and its end. */
const COLUMNS = 8;
/** Of more classes, the first. */
const MOST_CLASSES = 20;
const WALKS = 5;
/** Pixels that a small picture is enlarged to, as far as whole times go. */
const LARGE_ENOUGH = 56;

/**
 * Draws with the best checkpoint, or the latest where none is said to be.
 * @throws ModelError and others, in one line, if there is none or it does not draw
 */
export async function drawings(run: string): Promise<Drawn[]> {
  const checkpoint = existsSync(join(run, 'best')) ? 'best' : 'latest';
  const { model } = await exportGenerator(run, { checkpoint, version: versions().ganport });
  const { sampler } = await loadGenerator({ path: run, bytes: model }, { device: 'cpu' });
  try {
    const { steps } = sampler.metadata.provenance;
    return [...(await classGrid(sampler, steps)), await walks(sampler, steps)];
  } finally {
    await sampler.close();
  }
}

/** A row for each class, all of the same latents; nothing where there are no classes. */
async function classGrid(sampler: Sampler, steps: number): Promise<Drawn[]> {
  const { classes = [] } = sampler.metadata;
  const shown = classes.slice(0, MOST_CLASSES);
  if (shown.length === 0) return [];
  const rows = [];
  for (const [label, name] of shown.entries()) {
    const images = await sampler.sample({ seed: SEED, start: 0, count: COLUMNS, label });
    rows.push({ name, png: await row(images) });
  }
  const which =
    shown.length < classes.length ? `the first ${shown.length} of ${classes.length}` : 'each';
  return [{ title: `Classes after ${steps} steps: ${which}, in ${COLUMNS} styles`, rows }];
}

async function walks(sampler: Sampler, steps: number): Promise<Drawn> {
  const rows = [];
  for (let start = 0; start < WALKS; start++) {
    const images = await sampler.walk({
      ...{ seed: SEED, start, stops: 2, steps: COLUMNS, closed: false },
      ...(sampler.metadata.classes && { label: start % sampler.metadata.classes.length }),
    });
    rows.push({ name: `${start} → ${start + 1}`, png: await row(images) });
  }
  return { title: `Walks from picture to picture of seed ${SEED}, after ${steps} steps`, rows };
}

function row(images: Images): Promise<Uint8Array> {
  const scale = Math.max(1, Math.floor(LARGE_ENOUGH / Math.max(images.height, images.width)));
  return encodeImages(images, 'png', { columns: images.count, scale });
}
