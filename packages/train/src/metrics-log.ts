/** metrics.jsonl, the log of a run: a line of JSON for each step that was logged. */

/** Ten million lines, and the longest that may be one. */
export const MAX_LOG_BYTES = 2 ** 31 - 1;
const MAX_LINE_BYTES = 2 ** 16;
const NEWLINE = 0x0a;

/** Metrics by name, beside the step; of a checkpoint's samples also how many are of each class, as a list. */
export interface Line {
  step: number;
  [metric: string]: unknown;
}

interface Place {
  /** Where the line is in the log, its end left out. */
  start: number;
  end: number;
  /** Undefined where it is damaged, as a process that was killed may leave one. */
  line: Line | undefined;
}

/** The lines of a log in order, empty ones left out, with no more of it in memory than one. */
export function* linesOf(log: Uint8Array): Generator<Place> {
  const decoder = new TextDecoder();
  for (let start = 0, end: number; start < log.length; start = end + 1) {
    end = log.indexOf(NEWLINE, start);
    if (end < 0) end = log.length;
    const text = end - start > MAX_LINE_BYTES ? '?' : decoder.decode(log.subarray(start, end));
    if (text.trim() !== '') yield { start, end, line: parseLine(text) };
  }
}

function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    return Number.isSafeInteger(line?.step) && line!.step! >= 0 ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
