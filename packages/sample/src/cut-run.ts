/** How a run is shared between the requests that wait for it. */

/** The smallest share of a run: one of this many parts. Smaller ones would finish all requests late, and none early. */
const PARTS = 8;

/**
 * Cuts a run. Those that wait have even shares of it, an eighth at least, in order of arrival; what is left
 * then goes to the first of them that need more. So a request for one picture waits for an eighth of a run of
 * each before it, not for all of theirs.
 * @param wanted how many pictures each still needs, 1 or more, in order of arrival
 * @returns how many of them are in this run, of the first that have a share
 */
export function cutRun(wanted: readonly number[], maxBatch: number): number[] {
  const share = Math.max(Math.ceil(maxBatch / PARTS), Math.floor(maxBatch / wanted.length));
  const counts: number[] = [];
  let room = maxBatch;
  for (const want of wanted) {
    if (room === 0) break;
    const count = Math.min(want, share, room);
    counts.push(count);
    room -= count;
  }
  return counts.map((count, i) => {
    const more = Math.min(room, wanted[i]! - count);
    room -= more;
    return count + more;
  });
}
