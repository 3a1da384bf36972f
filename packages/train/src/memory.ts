/** Whether this machine's memory holds a training step: asked before it is taken. */
import { freemem, totalmem } from 'node:os';
import { ModelError } from '@ganport/model';
import { MAX_WEIGHTS_FILE_BYTES } from '@ganport/model/node';
import type { Recipe } from './recipe/recipe.ts';
import { STATE_COPIES, stateBytes, stepBytes } from './step-memory.ts';

/**
 * Bytes that this process can still take: of the machine's, or of its control group's where that has less.
 * Memory that only caches files counts as free.
 */
export function availableMemory(): number {
  // macOS counts as free only what has no use at all, which is next to nothing.
  const machine = process.platform === 'darwin' ? totalmem() : freemem();
  // More than any machine has where there is no limit, 0 where that is not known. What other processes of
  // the group hold is not: process.availableMemory() takes it off, but with it the cache of files.
  const limit = process.constrainedMemory();
  const left = limit > 0 ? limit - process.memoryUsage.rss() : Number.POSITIVE_INFINITY;
  return Math.max(0, Math.min(machine, left));
}

/** Estimates may be too small by so much: a process that takes more than there is would be killed. */
const MARGIN = 1.25;

/**
 * @param part a whole step on the CPU, or what any device's state takes of this machine's memory
 * @throws ModelError if it may take more than is available, or if no checkpoint could hold the state
 */
export function expectMemory(
  recipe: Recipe,
  part: 'step' | 'state',
  available = availableMemory(),
): void {
  const state = stateBytes(recipe);
  const saved = state / STATE_COPIES;
  if (saved > MAX_WEIGHTS_FILE_BYTES) {
    throw new ModelError(
      `the networks and what is kept beside them take ${inGB(saved)}: expected at most ${inGB(MAX_WEIGHTS_FILE_BYTES)}, which a checkpoint holds; try smaller networks`,
    );
  }
  const estimated = part === 'step' ? stepBytes(recipe) : state;
  if (MARGIN * estimated <= available) return;
  const remedy = state > estimated / 2 ? 'smaller networks' : 'a smaller --batch';
  throw new ModelError(
    `training may need up to ${inGB(MARGIN * estimated)} of memory, and ${inGB(available)} are available: try ${remedy}`,
  );
}

function inGB(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
