import { execFileSync } from 'node:child_process';

/** A C compiler of this system; undefined where there is none. */
export const compiler = ['cc', 'gcc', 'clang'].find((name) => {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});
