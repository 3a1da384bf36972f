import { expect, test } from 'vitest';
import { describeModel } from '../src/describe.ts';
import type { ModelProto, TypeProto } from '../src/proto.ts';
import { CASES } from './cases.ts';
import { attribute, graph, localFunction, model, node, tensor, unary, value } from './messages.ts';

test.each<[what: string, described: ModelProto, expected: object]>([
  [
    'initializers are no inputs',
    CASES.initializersAsInputs,
    {
      inputs: ['z float32 [N, 4]'],
      defaults: [],
      outputs: ['image float32 [N, 2]'],
      parameters: 10,
    },
  ],
  ['−1 is an unknown size', CASES.minusOne, { inputs: ['z float32 [?, 4]'] }],
  ['the highest version binds', CASES.importedInTwoVersions, { opsets: { 'ai.onnx': 13 } }],
  ['Constant nodes hold weights', CASES.weightsInConstants, { parameters: 15 }],
  [
    'names in other encodings stay two',
    CASES.namesNotUtf8,
    { operators: { Tanh: 1, Neg: 1, Abs: 1 } },
  ],
  [
    'other files hold weights',
    CASES.externalWeights,
    {
      parameters: 15,
      external: [
        {
          name: 'W',
          location: 'generator.onnx.data',
          offset: 0,
          length: 48,
          needs: 48,
          parameters: 12,
        },
        {
          name: 'b',
          location: 'generator.onnx.data',
          offset: 48,
          length: 12,
          needs: 12,
          parameters: 3,
        },
      ],
    },
  ],
  [
    'from IR version 4, an initializer is an input’s default',
    { ...CASES.initializersAsInputs, irVersion: 4n },
    { inputs: ['z float32 [N, 4]'], defaults: ['W float32 [4, 2]', 'b float32 [2]'] },
  ],
  [
    'before IR version 3 there is one operator set',
    model({ irVersion: 2n, opsetImport: [] }),
    { opsets: { 'ai.onnx': 1 } },
  ],
  [
    'a file may lack all',
    model({ opsetImport: [] }),
    { inputs: [], outputs: [], parameters: 0, opsets: {}, operators: {} },
  ],
])('%s', (_, described, expected) => {
  expect(describeModel(described)).toMatchObject(expected);
});

const eight = tensor({ name: 'w', dims: [2n, 4n], dataType: 1 });
const constant = (fields: object) => node({ opType: 'Constant', attribute: [attribute(fields)] });

test('weights are counted wherever they are', () => {
  const branch = graph({ initializer: [eight], node: [constant({ name: 'value', t: eight })] });
  const described = model({
    graph: graph({
      initializer: [eight, tensor({ dims: [], dataType: 1 }), tensor({ dims: [9n], dataType: 7 })],
      sparseInitializer: [{ values: tensor({ name: 's', dims: [3n], dataType: 1 }), dims: [100n] }],
      node: [
        constant({ name: 'value_floats', floats: [1, 2] }),
        constant({
          name: 'sparse_value',
          sparseTensor: { values: tensor({ dims: [5n], dataType: 1 }), dims: [9n] },
        }),
        node({
          opType: 'If',
          attribute: [attribute({ g: branch }), attribute({ graphs: [branch] })],
        }),
        // A value to fill with is no weight.
        node({
          opType: 'ConstantOfShape',
          attribute: [attribute({ t: tensor({ dims: [1n], dataType: 1 }) })],
        }),
      ],
    }),
    functions: [localFunction({ node: [constant({ name: 'value', t: eight })] })],
  });
  const { parameters, operators } = describeModel(described);
  expect(parameters).toBe(8 + 3 + 2 + 5 + 4 * 8 + 8);
  expect(operators).toEqual({ Constant: 5, If: 1, ConstantOfShape: 1 });
});

test('what no check has seen is described too', () => {
  const described = model({
    graph: graph({
      initializer: [
        tensor({ dims: [-2n, 3n], dataType: 1 }),
        tensor({ dims: [2n ** 40n, 2n ** 40n], dataType: 1, dataLocation: 1 }),
        tensor({
          dims: [2n],
          dataType: 99,
          dataLocation: 1,
          externalData: [{ key: 'offset', value: '-1' }],
        }),
      ],
      input: [{ metadataProps: [] }, value('\x1b[31m', ['\x07', 1n])],
      node: [
        node({}),
        unary('__proto__', 'x', 'y'),
        unary('Op', 'x', 'y', { domain: 'com.example' }),
      ],
    }),
  });
  expect(describeModel(described)).toMatchObject({
    inputs: [' of no type', '\\x1b[31m float32 [\\x07, 1]'],
    parameters: 2,
    external: [
      { location: '', offset: undefined, needs: undefined },
      { location: '', offset: Number.NaN, needs: undefined },
    ],
  });
  expect(Object.entries(describeModel(described).operators)).toEqual([
    ['?', 1],
    ['__proto__', 1],
    ['com.example:Op', 1],
  ]);
});

const float32 = { tensorType: { elemType: 1, shape: { dim: [] } } };
test.each<[expected: string, type: TypeProto]>([
  ['x sequence of float32 []', { sequenceType: { elemType: float32 } }],
  ['x optional float16 […]', { optionalType: { elemType: { tensorType: { elemType: 10 } } } }],
  ['x map of int64 to float32 []', { mapType: { keyType: 7, valueType: float32 } }],
  ['x sparse type 99 […]', { sparseTensorType: { elemType: 99 } }],
  ['x opaque Tokenizer', { opaqueType: { name: 'Tokenizer' } }],
  ['x sequence of of no type', { sequenceType: {} }],
])('%s', (expected, type) => {
  const input = [{ name: 'x', type, metadataProps: [] }];
  expect(describeModel(model({ graph: graph({ input }) })).inputs).toEqual([expected]);
});
