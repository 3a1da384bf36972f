/** `bench conv-gradients`: what each form of a gradient costs on onnxruntime's CPU provider. */
import { buildModel, encodeModel, input } from '@ganport/onnx';
import * as ort from 'onnxruntime-node';
import { CASES, type Form, type FormCase } from './conv-forms.ts';
import { interleave, type Summary, summarize } from './interleave.ts';

export interface CaseResult {
  readonly name: string;
  /** Seconds of each form, fastest first. */
  readonly forms: readonly { readonly name: string; readonly seconds: Summary }[];
}

export interface ConvGradientsOptions {
  readonly threads: number;
  readonly rounds: number;
  readonly onProgress: (line: string) => void;
}

export async function benchConvGradients(options: ConvGradientsOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const each of CASES) {
    options.onProgress(each.name);
    results.push(await benchCase(each, options));
  }
  return results;
}

/** As lines for a person: milliseconds, median (min–max). */
export function formatForms(results: readonly CaseResult[]): string {
  const ms = (seconds: number) => (seconds * 1000).toFixed(1);
  const lines = results.flatMap(({ name, forms }) => {
    const width = Math.max(...forms.map((form) => form.name.length));
    const rows = forms.map(({ name: form, seconds: { median, min, max } }) => {
      return `  ${form.padEnd(width)}  ${ms(median).padStart(6)} ms (${ms(min)}–${ms(max)})`;
    });
    return ['', name, ...rows];
  });
  return `${lines.join('\n')}\n`;
}

async function benchCase(
  { name, inputs, forms }: FormCase,
  options: ConvGradientsOptions,
): Promise<CaseResult> {
  const feeds = Object.fromEntries(
    inputs.map((shape, i) => [`x${i}`, new ort.Tensor('float32', numbers(shape, i), shape)]),
  );
  const sessions: ort.InferenceSession[] = [];
  try {
    for (const form of Object.values(forms))
      sessions.push(await load(form, inputs, options.threads));
    await expectEqual(name, Object.keys(forms), sessions, feeds);
    const runners = sessions.map((session) => ({
      async run(steps: number) {
        const start = performance.now();
        for (let step = 0; step < steps; step += 1) await session.run(feeds);
        return (performance.now() - start) / 1000;
      },
    }));
    const times = await interleave(runners, options.rounds);
    const timed = Object.keys(forms).map((form, i) => ({
      name: form,
      seconds: summarize(times[i]!),
    }));
    return { name, forms: timed.sort((a, b) => a.seconds.median - b.seconds.median) };
  } finally {
    for (const session of sessions) await session.release();
  }
}

function load(
  form: Form,
  shapes: FormCase['inputs'],
  threads: number,
): Promise<ort.InferenceSession> {
  const inputs = shapes.map((shape, i) => input(`x${i}`, 'float32', shape));
  const model = buildModel({ name: 'form', inputs, outputs: { y: form(...inputs) } });
  return ort.InferenceSession.create(encodeModel(model), { intraOpNumThreads: threads });
}

/** A form that computes something else has no business here. */
async function expectEqual(
  what: string,
  names: readonly string[],
  sessions: readonly ort.InferenceSession[],
  feeds: Record<string, ort.Tensor>,
): Promise<void> {
  let first: Float32Array | undefined;
  for (const [i, session] of sessions.entries()) {
    const y = (await session.run(feeds)).y!.data as Float32Array;
    first ??= y;
    const scale = first.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = first.reduce((most, value, k) => Math.max(most, Math.abs(value - y[k]!)), 0);
    if (y.length !== first.length || !(worst < scale * 1e-3)) {
      throw new Error(`${what}: "${names[i]}" differs from "${names[0]}" by ${worst} of ${scale}`);
    }
  }
}

function numbers(shape: readonly number[], salt: number): Float32Array {
  const count = shape.reduce((a, b) => a * b, 1);
  return Float32Array.from({ length: count }, (_, i) => (((i + salt) * 7919) % 1009) / 1009 - 0.5);
}
