/** A data set: images as bytes, read by their indices, with or without labels. */

export interface Dataset {
  name: string;
  /** Number of images, at least 1. */
  count: number;
  height: number;
  width: number;
  channels: 1 | 3;
  /**
   * Reads the images at `indices`, N of them, each 0 ≤ index < count, the same more than once if
   * asked: bytes [N, H, W, C] in 0…255, in an array of their own.
   */
  read(indices: Uint32Array): Promise<Uint8Array>;
  /** [count]: each an index into `classes`. Where there are labels there are classes, and the reverse. */
  labels?: Uint8Array | Uint16Array;
  /** Names of the classes. */
  classes?: string[];
  /** SHA-256 of all images followed by the labels, little-endian, hexadecimal. */
  sha256: string;
  /** Ends what it reads from, where that is a file: nothing is read afterwards. */
  close?(): Promise<void>;
}
