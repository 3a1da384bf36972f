import { type GeneratorMetadata, METADATA_KEY, readGeneratorMetadata } from '@ganport/model';
import {
  checkModel,
  decodeModel,
  type ModelProto,
  type TensorProto,
  type ValueInfoProto,
} from '@ganport/onnx';
import { readModel } from '@ganport/sample/node';
import { command } from '../command.ts';
import { table } from '../table.ts';

export const inspect = command({
  usage: 'inspect <model>',
  describe: 'Say what is in an ONNX file',
  examples: [['inspect generator.onnx --json', 'Its metadata too, as JSON']],
  options: (yargs) =>
    yargs.positional('model', { type: 'string', demandOption: true, describe: 'An ONNX file' }),
  async run({ model: path }) {
    const bytes = await readModel(path);
    try {
      const model = decodeModel(bytes);
      checkModel(model);
      const ours = model.metadataProps.some(({ key }) => key === METADATA_KEY);
      const graph = describeGraph(model, bytes.length);
      const generator = ours ? readGeneratorMetadata(bytes) : undefined;
      return { json: { file: path, ...graph, generator }, text: toText(path, graph, generator) };
    } catch (error) {
      throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
    }
  },
});

interface GraphSummary {
  bytes: number;
  ir: number;
  opsets: Record<string, number>;
  producer: string;
  inputs: string[];
  outputs: string[];
  parameters: number;
  /** Nodes by operator. */
  operators: Record<string, number>;
}

function describeGraph(model: ModelProto, bytes: number): GraphSummary {
  const graph = model.graph!;
  const operators: Record<string, number> = {};
  for (const { opType = '?' } of graph.node) operators[opType] = (operators[opType] ?? 0) + 1;
  const opsets = model.opsetImport.map(({ domain, version }) => [
    domain || 'ai.onnx',
    Number(version),
  ]);
  return {
    bytes,
    ir: Number(model.irVersion),
    opsets: Object.fromEntries(opsets),
    producer: [model.producerName, model.producerVersion].filter(Boolean).join(' '),
    inputs: graph.input.map(describeValue),
    outputs: graph.output.map(describeValue),
    parameters: countParameters(graph.initializer),
    operators,
  };
}

/** Elements of the constants, less what only steers operators: scalars and int64, as shapes are. */
function countParameters(constants: readonly TensorProto[]): number {
  return constants
    .filter(({ dims, dataType }) => dims.length > 0 && TYPES[dataType ?? 0] !== 'int64')
    .reduce((sum, { dims }) => sum + Number(dims.reduce((a, b) => a * b)), 0);
}

/** Names of onnx.proto's TensorProto.DataType, by number. */
const TYPES =
  'undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 float64 uint32 uint64'.split(
    ' ',
  );

function describeValue({ name, type }: ValueInfoProto): string {
  const tensor = type?.tensorType;
  if (!tensor) return `${name} (not a tensor)`;
  const dims = tensor.shape?.dim.map((d) => d.dimParam ?? String(d.dimValue ?? '?'));
  return `${name} ${TYPES[tensor.elemType ?? 0] ?? `type ${tensor.elemType}`} [${dims?.join(', ') ?? '…'}]`;
}

function toText(path: string, graph: GraphSummary, generator?: GeneratorMetadata): string {
  const { bytes, producer, ir, opsets, inputs, outputs, parameters, operators } = graph;
  const opset = list(opsets, (domain, version) => `${domain} ${version}`);
  return table([
    ['file', `${path}, ${bytes} bytes`],
    ['written by', `${producer || 'unknown'}, IR ${ir}, opset ${opset}`],
    ['inputs', inputs.join('; ')],
    ['outputs', outputs.join('; ')],
    ['weights', String(parameters)],
    ['operators', list(operators, (operator, count) => `${count} ${operator}`)],
    ...(generator
      ? describeGenerator(generator)
      : [['generator', 'no ganport metadata: not written by `ganport export`'] as const]),
  ]);
}

function describeGenerator(metadata: GeneratorMetadata): [string, string][] {
  const { name, image, latent, provenance, scores } = metadata;
  const { width, height, channels, output } = image;
  const { steps, dataset, seed, versions } = provenance;
  return [
    ['generator', `${name}: ${latent.size} latents → ${width}×${height}×${channels} ${output}`],
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
