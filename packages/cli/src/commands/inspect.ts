import { type GeneratorMetadata, METADATA_KEY, readGeneratorMetadata } from '@ganport/model';
import {
  checkModel,
  decodeReadable,
  describeModel,
  type ModelDescription,
  type ModelProto,
  printable,
} from '@ganport/onnx';
import { command } from '../command.ts';
import { type ExternalFile, findExternalFiles } from '../external-files.ts';
import { MODEL, readGiven } from '../model-input.ts';
import { table } from '../table.ts';

export const inspect = command({
  usage: 'inspect <model>',
  describe: 'Say what is in an ONNX file',
  examples: [['inspect generator.onnx --json', 'Its metadata too, as JSON']],
  arguments: { model: MODEL },
  flags: {},
  async run({ model }) {
    const { path, bytes } = await readGiven(model);
    const report = inspectModel(path, bytes);
    return { json: report, text: toText(report), exitCode: report.problems.length > 0 ? 1 : 0 };
  },
});

interface Report extends Omit<ModelDescription, 'external'> {
  file: string;
  bytes: number;
  external: ExternalFile[];
  /** What is unusual, and no fault. */
  notes: string[];
  /** Why the model cannot be used: what could be read is told nevertheless. */
  problems: string[];
  generator?: GeneratorMetadata;
}

/** @throws Error where nothing of a model can be read */
function inspectModel(path: string, bytes: Uint8Array): Report {
  const { model, problem } = decodeReadable(bytes);
  if (!model) throw new Error(`${path}: ${problem}`);
  const { external: tensors, ...description } = describeModel(model);
  const external = findExternalFiles(path, tensors);
  const { notes, problems } =
    problem === undefined ? check(model) : { notes: [], problems: [problem] };
  for (const { file, problem: wrong } of external) {
    if (wrong) problems.push(`weights are in the file "${file}", and ${wrong}`);
  }
  const report = { file: path, bytes: bytes.length, ...description, external, notes, problems };
  const ours = model.metadataProps.some(({ key }) => key === METADATA_KEY);
  if (!ours || problem !== undefined) return report;
  try {
    return { ...report, generator: readGeneratorMetadata(bytes) };
  } catch (error) {
    problems.push((error as Error).message);
    return report;
  }
}

function check(model: ModelProto): Pick<Report, 'notes' | 'problems'> {
  try {
    return { notes: checkModel(model), problems: [] };
  } catch (error) {
    return { notes: [], problems: [(error as Error).message] };
  }
}

function toText(report: Report): string {
  const { file, bytes, producer, ir, opsets, inputs, outputs, operators } = report;
  const opset = list(opsets, (domain, version) => `${domain} ${version}`);
  const rows: (readonly [string, string])[] = [
    ['file', `${file}, ${bytes} bytes`],
    ['written by', `${producer || 'unknown'}, IR ${ir}, opset ${opset || 'unknown'}`],
    ['inputs', inputs.join('; ')],
    ...(report.defaults.length > 0 ? [['defaults', report.defaults.join('; ')] as const] : []),
    ['outputs', outputs.join('; ')],
    ['weights', describeWeights(report)],
    ['operators', list(operators, (operator, count) => `${count} ${operator}`)],
    ...describeGenerator(report),
    ...report.notes.map((note) => ['note', note] as const),
    ...report.problems.map((problem) => ['wrong', problem] as const),
  ];
  return table(rows.map(([name, value]) => [name, cut(printable(value))]));
}

function describeWeights({ parameters, external }: Report): string {
  const files = external.map(({ file, present, bytes, parameters: held }) => {
    const size = bytes === undefined ? (present ? '' : ', missing') : `, ${bytes} bytes`;
    return `${held === parameters ? 'all' : held} in ${file}${size}`;
  });
  return [parameters, ...files].join('; ');
}

function describeGenerator({ generator, problems }: Report): [string, string][] {
  if (!generator) {
    // What is damaged may have had some.
    const none = 'no ganport metadata: not written by `ganport export`';
    return problems.length > 0 ? [] : [['generator', none]];
  }
  const { name, image, latent, provenance, scores } = generator;
  const { width, height, channels, output } = image;
  const { steps, dataset, seed, versions } = provenance;
  const { classes, codes = {} } = generator;
  const kinds = list(codes, (code, kind) =>
    kind === 'normal' ? code : `${code} 0 to ${kind.categories - 1}`,
  );
  return [
    ['generator', `${name}: ${latent.size} latents → ${width}×${height}×${channels} ${output}`],
    ...(classes ? [['classes', classes.join(', ')] as [string, string]] : []),
    ...(kinds ? [['codes', kinds] as [string, string]] : []),
    ['trained', `${steps} steps on ${dataset.name}, seed ${seed}`],
    ['scores', list(scores, (score, value) => `${score} ${value.toPrecision(3)}`)],
    ['versions', list(versions, (of, version) => `${of} ${version}`)],
  ];
}

function list<T>(entries: Record<string, T>, text: (key: string, value: T) => string): string {
  return Object.entries(entries)
    .map(([key, value]) => text(key, value))
    .join(', ');
}

/** Characters of a row: a file may name any number of inputs, with names of any length. */
const MAX_ROW = 2000;

function cut(text: string): string {
  return text.length <= MAX_ROW ? text : `${text.slice(0, MAX_ROW)}… (--json tells all)`;
}
