/** Pictures, and how they came to be. */
import type { Images } from '@ganport/model';

export interface Drawn {
  images: Images;
  /** From asking to having them, milliseconds. */
  ms: number;
  /** What drew: "onnxruntime 1.30.0 on the CPU". */
  by: string;
  /** Why that, where there was a choice. */
  why?: string;
}

/** "64 pictures in 41 ms". */
export function timeOf({ images: { count }, ms }: Drawn): string {
  const time = ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
  return `${count} pictures in ${time}`;
}
