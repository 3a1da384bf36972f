import { readFile } from 'node:fs/promises';
import { METADATA_KEY, readGeneratorMetadata } from '@ganport/model';
import { checkModel, decodeModel, type ModelProto, type ValueInfoProto } from '@ganport/onnx';
import { command } from '../command.ts';

export const inspect = command({
  usage: 'inspect <model>',
  describe: 'Say what is in an ONNX file',
  options: (yargs) =>
    yargs.positional('model', { type: 'string', demandOption: true, describe: 'An ONNX file' }),
  async run({ model: path }) {
    try {
      const bytes = await readFile(path);
      const model = decodeModel(bytes);
      checkModel(model);
      const ours = model.metadataProps.some(({ key }) => key === METADATA_KEY);
      const graph = describeGraph(model, bytes.length);
      const generator = ours ? readGeneratorMetadata(bytes) : undefined;
      return { json: { file: path, ...graph, generator }, text: toText(path, graph, generator) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(`${path}: ${code ? `cannot be read (${code})` : (error as Error).message}`);
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
    parameters: graph.initializer.reduce(
      (sum, { dims }) => sum + Number(dims.reduce((a, b) => a * b, 1n)),
      0,
    ),
    operators,
  };
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

function toText(
  path: string,
  graph: GraphSummary,
  generator: ReturnType<typeof readGeneratorMetadata> | undefined,
): string {
  const rows: [string, string][] = [
    ['file', `${path}, ${graph.bytes} bytes`],
    [
      'written by',
      `${graph.producer || 'unknown'}, IR ${graph.ir}, opset ${Object.entries(graph.opsets)
        .map((o) => o.join(' '))
        .join(', ')}`,
    ],
    ['inputs', graph.inputs.join('; ')],
    ['outputs', graph.outputs.join('; ')],
    ['weights', String(graph.parameters)],
    [
      'operators',
      Object.entries(graph.operators)
        .map(([op, n]) => `${n} ${op}`)
        .join(', '),
    ],
  ];
  if (generator) {
    const { image, latent, provenance, scores } = generator;
    rows.push(
      [
        'generator',
        `${generator.name}: ${latent.size} latents → ${image.width}×${image.height}×${image.channels} ${image.output}`,
      ],
      [
        'trained',
        `${provenance.steps} steps on ${provenance.dataset.name}, seed ${provenance.seed}`,
      ],
      [
        'scores',
        Object.entries(scores)
          .map(([name, value]) => `${name} ${value.toPrecision(3)}`)
          .join(', '),
      ],
      [
        'versions',
        Object.entries(provenance.versions)
          .map((v) => v.join(' '))
          .join(', '),
      ],
    );
  } else rows.push(['generator', 'no ganport metadata: not written by `ganport export`']);
  return rows.map(([name, value]) => `${name.padEnd(11)}${value}`).join('\n');
}
