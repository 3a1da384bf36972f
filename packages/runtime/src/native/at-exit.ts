/** What is done when the process exits, by one listener however many there are. */

const waiting = new Set<() => void>();

function exit(): void {
  for (const act of waiting) act();
}

/** @returns takes it back */
export function atExit(act: () => void): () => void {
  if (waiting.size === 0) process.on('exit', exit);
  waiting.add(act);
  return () => {
    waiting.delete(act);
    if (waiting.size === 0) process.off('exit', exit);
  };
}
