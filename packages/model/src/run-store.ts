/**
 * Where a run's files are: a folder, a browser's own file system, or memory. What reads and writes runs knows no
 * other way to them.
 */

/** SHA-256, hexadecimal. */
export type Sha256 = (bytes: Uint8Array) => string | Promise<string>;

/** Names of files have slashes on every system: "checkpoints/step-000020.safetensors". */
export interface RunStore {
  /** What messages call the run: the folder's path. */
  readonly name: string;
  /** What messages call a file of it. */
  pathOf(file: string): string;
  has(file: string): Promise<boolean>;
  /** In memory of its own. @throws ModelError if it is not there, or has more than `limit` bytes */
  read(file: string, limit: number): Promise<Uint8Array>;
  /** Whole or not at all, with the folder it is in. @throws ModelError */
  write(file: string, data: string | Uint8Array): Promise<void>;
  /** What is appended is there by the next `write` of any file at the latest, and none of it by half. @throws ModelError */
  append(file: string, text: string): Promise<void>;
  /** Names of the files in a folder, without it; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** A file that is not there is none the less gone. */
  remove(file: string): Promise<void>;
  /** Removes what writes left that were cut short. */
  removeUnfinished(): Promise<void>;
  sha256: Sha256;
}
