/** The end of a process in which onnxruntime may be computing something that has no end. */
import { KoffiError, loadKoffi } from './library.ts';

/**
 * Ends the process at once. `process.exit` would wait for threads in native code: a run is cancelled between
 * two operators, but one operator, a loop with an empty body, or the folding of constants goes on.
 */
export function endProcess(code: number): void {
  try {
    const { koffi } = loadKoffi();
    // In other systems the C library is part of the process.
    const library = koffi.load(process.platform === 'win32' ? 'ucrtbase.dll' : null);
    library.func('void _exit(int status)')(code);
  } catch (error) {
    // Without koffi, onnxruntime computes in no thread of its own.
    if (!(error instanceof KoffiError)) throw error;
    process.exit(code);
  }
}
