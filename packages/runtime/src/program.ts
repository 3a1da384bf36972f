/** Where a graph runs: one seam over every onnxruntime. */
import type { DType, Shape, Tensor } from '@ganport/onnx';

/** An input or output of a model, as the runtime reports it. */
export interface Port {
  name: string;
  dtype: DType;
  shape: Shape;
}

export interface ProgramOptions {
  /**
   * Inputs that stay where the program runs, from run to run, by name: each with the name of the output
   * that is its value after a run, or null if no run changes it. Both have the same type and shape, of
   * known sizes, and no two inputs take one output. All are zeros until they are written.
   */
  state?: Readonly<Record<string, string | null>>;
}

export interface RunOptions {
  /**
   * Ends the run, at once where the runtime can: it rejects with the signal's reason, and the state
   * stays as it was before.
   */
  signal?: AbortSignal;
  /**
   * Makes it where it is asked for, and holds the event loop, where a runtime has another thread otherwise: of what takes no
   * longer than the way there and back. It cannot be ended then.
   */
  inPlace?: boolean;
}

/**
 * A model that was opened on a device. Runs, reads and writes take turns in the order they were asked
 * for; one that fails leaves the state as it was. Whoever opens a program closes it.
 */
export interface Program {
  /** What runs it, and on what: "onnxruntime 1.30.0 on the CPU, threads: 2". */
  readonly description: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /**
   * Bytes that runs, reads and writes have copied to the device and from it; where the runtime cannot
   * keep state on the device, each run takes it there and back, and that is counted instead.
   */
  readonly traffic: { readonly toDevice: number; readonly fromDevice: number };
  /** Sets state, of which it takes a copy at once. @throws RuntimeError that names the input, what was expected and got */
  write(state: Readonly<Record<string, Tensor>>): Promise<void>;
  /**
   * One run, off the event loop where the runtime can. `feeds` are the inputs that are not state, all of
   * them, of at least one element along each dimension; they are not to be changed until the run has ended.
   * @returns the outputs that no state takes, in memory of their own
   * @throws RuntimeError that names the input, what was expected and got
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    options?: RunOptions,
  ): Promise<Record<string, Tensor>>;
  /** State as it stands after the last run, by input name, in memory of its own. */
  read(names: readonly string[]): Promise<Record<string, Tensor>>;
  /** Ends the program after what was asked for before; nothing can be asked for any more. */
  close(): Promise<void>;
}
