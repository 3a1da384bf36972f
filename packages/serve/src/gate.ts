/** Who is let in: what waits, is drawn, encoded and sent together is bounded. */
import { HttpError } from './http-error.ts';

export interface Weight {
  pictures: number;
  /** Of their levels. */
  bytes: number;
}

export interface Gate {
  /** What was let in and has not left. */
  readonly inside: Readonly<Weight>;
  /**
   * Lets a request in; any that is allowed, where nobody is. @returns its leaving, once
   * @throws HttpError 429 that says when to come again
   */
  enter(weight: Weight): () => void;
}

/** A client is not told to come again later than after this many seconds. */
const MAX_RETRY_S = 60;

/**
 * A request is inside until it is answered and its client has read the answer, or has left: a queue that
 * were only bounded until the drawing would grow in front of the encoder, or of slow clients.
 */
export function createGate(most: Weight): Gate {
  const inside: Weight = { pictures: 0, bytes: 0 };
  // Since somebody came to an empty house.
  let [since, done] = [0, 0];

  /** Seconds until what is inside has left, at the pace of those before. */
  function retryAfter(): number {
    const seconds = (performance.now() - since) / 1000;
    const needed = done > 0 ? (inside.pictures / done) * seconds : 1;
    return Math.max(1, Math.min(MAX_RETRY_S, Math.ceil(needed)));
  }

  return {
    inside,
    enter({ pictures, bytes }) {
      const fits =
        inside.pictures + pictures <= most.pictures && inside.bytes + bytes <= most.bytes;
      if (inside.pictures > 0 && !fits) {
        const headers = { 'Retry-After': String(retryAfter()) };
        throw new HttpError(
          429,
          `${inside.pictures} pictures wait already: ask again later`,
          headers,
        );
      }
      if (inside.pictures === 0) [since, done] = [performance.now(), 0];
      inside.pictures += pictures;
      inside.bytes += bytes;
      let gone = false;
      return () => {
        if (gone) return;
        gone = true;
        done += pictures;
        inside.pictures -= pictures;
        inside.bytes -= bytes;
      };
    },
  };
}
