/**
 * What `each` gives for every item, in the items' order, while it works on the next `ahead` ones. After a
 * failure nothing new is begun, and what was begun is waited for.
 */
export async function* mapInOrder<T, U>(
  items: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  each: (item: T) => Promise<U>,
): AsyncGenerator<U> {
  const begun: Promise<U>[] = [];
  try {
    for await (const item of items) {
      const work = each(item);
      // What goes wrong is met where it is taken.
      work.catch(() => undefined);
      begun.push(work);
      if (begun.length > ahead) yield await begun.shift()!;
    }
    while (begun.length > 0) yield await begun.shift()!;
  } finally {
    await Promise.allSettled(begun);
  }
}
