/** Files beside a model that hold its weights: which, and whether they are there and long enough. */
import { type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExternalTensor, printable, problemOfLocation } from '@ganport/onnx';

export interface ExternalFile {
  /** As the model names it, from the model's folder. */
  file: string;
  present: boolean;
  /** Its size; undefined where it is missing. */
  bytes?: number;
  tensors: number;
  parameters: number;
  /** Why its weights cannot be read. */
  problem?: string;
}

/** Files are looked for, never opened. @param path of the model */
export function findExternalFiles(
  path: string,
  tensors: readonly ExternalTensor[],
): ExternalFile[] {
  const byLocation = new Map<string, ExternalTensor[]>();
  for (const tensor of tensors) {
    const others = byLocation.get(tensor.location);
    if (others) others.push(tensor);
    else byLocation.set(tensor.location, [tensor]);
  }
  return [...byLocation].map(([location, held]) => findFile(dirname(path), location, held));
}

function findFile(folder: string, location: string, held: readonly ExternalTensor[]): ExternalFile {
  const found: ExternalFile = {
    file: printable(location),
    present: false,
    tensors: held.length,
    parameters: held.reduce((sum, { parameters }) => sum + parameters, 0),
  };
  const wrongName = problemOfLocation(location);
  if (wrongName) return { ...found, problem: `the file ${wrongName}` };
  const stats = statOf(join(folder, location));
  if (!stats) return { ...found, problem: 'it is missing: it belongs beside the model' };
  if (!stats.isFile()) return { ...found, present: true, problem: 'it is not a regular file' };
  const bytes = stats.size;
  const problem = held.map((tensor) => problemOfRange(tensor, bytes)).find(Boolean);
  return { ...found, present: true, bytes, ...(problem && { problem }) };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A name with a zero byte, a folder that may not be read: there is no such file for us.
    return undefined;
  }
}

function problemOfRange(tensor: ExternalTensor, bytes: number): string | undefined {
  const { name, offset = 0, needs, length = needs } = tensor;
  const what = `tensor "${name}"`;
  if (Number.isNaN(offset) || Number.isNaN(length)) {
    return `the offset or the length of ${what} is not a whole number`;
  }
  if (needs !== undefined && length !== needs) {
    return `${what} has ${length} bytes in it, expected ${needs}`;
  }
  const end = offset + (length ?? 0);
  return end > bytes ? `${what} ends at byte ${end}, and the file has ${bytes}` : undefined;
}
