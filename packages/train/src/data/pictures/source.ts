/** Pictures that are still to be decoded: the seam between where they are and how they are prepared. */

export interface Picture {
  /** As errors call it: its path, or its row in a file. */
  name: string;
  /** @throws ModelError if it cannot be read */
  read(): Promise<Uint8Array>;
  /** An index into the source's classes. */
  label?: number;
}

export interface PictureSource {
  /** The data set's. */
  name: string;
  /** The absolute path that they are from. */
  path: string;
  count: number;
  /** Text that is another when the pictures are others. */
  state: string;
  classes?: string[];
  /** All of them, in the same order every time. */
  pictures(): Iterable<Picture> | AsyncIterable<Picture>;
}
