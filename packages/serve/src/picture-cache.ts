/** Encoded pictures that were asked for lately, of bounded bytes. */

export interface PictureCache {
  get(key: string): Uint8Array | undefined;
  put(key: string, picture: Uint8Array): void;
}

/** What an entry weighs beside its picture, about. */
const ENTRY_BYTES = 512;

/** @param maxBytes 0 keeps none */
export function createPictureCache(maxBytes: number): PictureCache {
  /** The one that was asked for last is last. */
  const pictures = new Map<string, Uint8Array>();
  let bytes = 0;
  const drop = (key: string) => {
    const picture = pictures.get(key);
    if (!picture) return;
    pictures.delete(key);
    bytes -= picture.length + ENTRY_BYTES;
  };
  return {
    get(key) {
      const picture = pictures.get(key);
      if (!picture) return undefined;
      pictures.delete(key);
      pictures.set(key, picture);
      return picture;
    },
    put(key, picture) {
      drop(key);
      // The encoder's own memory lies between what it had for a moment, and would keep eight kilobytes each.
      pictures.set(key, new Uint8Array(picture));
      bytes += picture.length + ENTRY_BYTES;
      for (const oldest of pictures.keys()) {
        if (bytes <= maxBytes) break;
        drop(oldest);
      }
    },
  };
}
