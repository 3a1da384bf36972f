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
   * What who asks may be told at once: since one was refused for want of room, until a tenth of it is free. It saves finding out
   * anew for each, which costs more than a picture.
   * @param client if that is known, whose share may be taken too
   */
  overflow(client?: string): Refusal | undefined;
  /**
   * Lets a request in; any that is allowed, where nobody is. @returns its leaving, once
   * @param client whose share it takes
   * @throws HttpError 429 that says when to come again
   */
  enter(weight: Weight, client: string): () => void;
}

interface Refusal {
  message: string;
  headers: Readonly<Record<string, string>>;
}

/** Of the room, what is taken while it overflows. */
const OVERFLOW = 0.9;

/** A client is not told to come again later than after this many seconds. */
const MAX_RETRY_S = 60;

/**
 * A request is inside until it is answered and its client has read the answer, or has left: a queue that
 * were only bounded until the drawing would grow in front of the encoder, or of slow clients.
 * @param share of it that one client may have, 0 … 1: those who do not read their answers cannot keep out others
 * @param makeRoom has one leave, 0; or says in how many milliseconds it may
 */
export function createGate(
  most: Weight,
  share: number,
  makeRoom: () => number = () => Infinity,
): Gate {
  const inside: Weight = { pictures: 0, bytes: 0 };
  const shares = new Map<string, Weight & { overflows: boolean }>();
  const mostOfOne = { pictures: most.pictures * share, bytes: most.bytes * share };
  // Since somebody came to an empty house.
  let [since, done] = [0, 0];
  let overflowing = false;

  /** Seconds until there is room, at the pace of those before: where none is known, the time it has been so far. */
  function retryAfter(roomInMs: number): number {
    const seconds = (performance.now() - since) / 1000;
    const pace = done > 0 ? (inside.pictures / done) * seconds : Infinity;
    const needed = Math.min(pace, roomInMs / 1000);
    return Math.max(1, Math.min(MAX_RETRY_S, Math.ceil(needed < Infinity ? needed : seconds)));
  }

  function refusalOf(why: string, roomInMs: number): Refusal {
    const headers = { 'Retry-After': String(retryAfter(roomInMs)) };
    return { message: `${why}: ask again later`, headers };
  }

  function refuse(refusal: Refusal): never {
    throw new HttpError(429, refusal.message, refusal.headers);
  }

  const noRoom = (roomInMs: number) =>
    refusalOf(`${inside.pictures} pictures wait already`, roomInMs);
  const noShare = (own: Weight) =>
    refusalOf(`${own.pictures} pictures of yours wait already`, Infinity);

  return {
    inside,
    overflow(client) {
      while (overflowing && isNearlyFull(inside, most)) {
        const ms = makeRoom();
        if (ms > 0) return noRoom(ms);
      }
      overflowing = false;
      const own = client === undefined ? undefined : shares.get(client);
      if (!own?.overflows) return undefined;
      own.overflows = isNearlyFull(own, mostOfOne);
      return own.overflows ? noShare(own) : undefined;
    },
    enter(weight, client) {
      const { pictures, bytes } = weight;
      const own = shares.get(client) ?? { pictures: 0, bytes: 0, overflows: false };
      if (own.pictures > 0 && !fits(own, weight, mostOfOne)) {
        own.overflows = true;
        overflowing ||= !fits(inside, weight, most);
        refuse(noShare(own));
      }
      while (inside.pictures > 0 && !fits(inside, weight, most)) {
        const ms = makeRoom();
        if (ms > 0) {
          overflowing = true;
          refuse(noRoom(ms));
        }
      }
      if (inside.pictures === 0) [since, done] = [performance.now(), 0];
      shares.set(client, own);
      add(own, pictures, bytes);
      add(inside, pictures, bytes);
      let gone = false;
      return () => {
        if (gone) return;
        gone = true;
        done += pictures;
        add(own, -pictures, -bytes);
        add(inside, -pictures, -bytes);
        if (own.pictures === 0) shares.delete(client);
      };
    },
  };
}

function fits(held: Weight, { pictures, bytes }: Weight, most: Weight): boolean {
  return held.pictures + pictures <= most.pictures && held.bytes + bytes <= most.bytes;
}

function isNearlyFull(held: Weight, most: Weight): boolean {
  return held.pictures > OVERFLOW * most.pictures || held.bytes > OVERFLOW * most.bytes;
}

function add(held: Weight, pictures: number, bytes: number): void {
  held.pictures += pictures;
  held.bytes += bytes;
}
