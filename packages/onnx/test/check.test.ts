import { expect, test } from 'vitest';
import { checkModel } from '../src/check.ts';
import { decodeModel } from '../src/decode.ts';
import { OnnxError } from '../src/error.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
} from '../src/proto.ts';
import { readBackendTests } from './backend-tests.ts';
import { attribute, graph, localFunction, model, tensor, unary, value } from './messages.ts';

/** y = Relu(x), the base of most broken models. */
const inGraph = (fields: Partial<GraphProto>, more: Partial<ModelProto> = {}): ModelProto => {
  const whole = {
    node: [unary('Relu', 'x', 'y')],
    input: [value('x', [])],
    output: [value('y', [])],
  };
  return model({ graph: graph({ ...whole, ...fields }), ...more });
};

const withNode = (fields: Partial<NodeProto>): ModelProto =>
  inGraph({ node: [unary('Relu', 'x', 'y', { name: 'act', ...fields })] });

const withAttribute = (...attributes: Partial<AttributeProto>[]): ModelProto =>
  withNode({ attribute: attributes.map(attribute) });

const w = tensor({ name: 'w', dataType: 1, dims: [1n], floatData: [1] });

/** An If whose branch is z = Relu(x), where x is the outer graph's. */
const withBranch = (fields: Partial<GraphProto>, ...later: NodeProto[]): ModelProto => {
  const body = { name: 'branch', node: [unary('Relu', 'x', 'z')], output: [value('z', [])] };
  const then = attribute({ name: 'then_branch', type: 5, g: graph({ ...body, ...fields }) });
  return inGraph({ node: [unary('If', 'x', 'y', { attribute: [then] }), ...later] });
};

/** A model with the function b = Relu(a). */
const withFunction = (fields: Partial<FunctionProto>, ...more: FunctionProto[]): ModelProto => {
  const body = { input: ['a'], output: ['b'], node: [unary('Relu', 'a', 'b')] };
  const opsetImport = [{ version: 17n }, { domain: 'local', version: 1n }];
  return inGraph({}, { opsetImport, functions: [localFunction({ ...body, ...fields }), ...more] });
};

const { domain: _, ...withoutDomain } = localFunction({});

/** That function with an attribute at its node. */
const withReference = (fields: Partial<AttributeProto>, ...parameters: string[]): ModelProto => {
  const attributes = [attribute({ name: 'k', type: 2, ...fields })];
  const body = [unary('Relu', 'a', 'b', { attribute: attributes })];
  return withFunction({ node: body, attribute: parameters });
};

/** A body that calls a function. */
const calling = (name: string): Partial<FunctionProto> => ({
  input: ['a'],
  output: ['b'],
  node: [unary(name, 'a', 'b', { domain: 'local' })],
  opsetImport: [{ domain: 'local', version: 1n }],
});

const k = attribute({ name: 'k', type: 2, i: 1n });

const files = readBackendTests();

test.skipIf(!files)('accepts the 924 models of ONNX’s backend tests', () => {
  const models = [...files!].filter(([name]) => name.endsWith('/model.onnx'));
  expect(models).toHaveLength(924);
  for (const [name, bytes] of models) {
    expect(() => checkModel(decodeModel(bytes)), name).not.toThrow();
  }
});

test.each<[what: string, good: ModelProto]>([
  ['the graph that the broken ones are made from', inGraph({})],
  ['the node that the broken ones are made from', withNode({})],
  ['the branch that the broken ones are made from', withBranch({})],
  ['the function that the broken ones are made from', withFunction({})],
  ['the default domain by its long name', withNode({ domain: 'ai.onnx' })],
  ['an input’s default value', inGraph({ initializer: [{ ...w, name: 'x' }] })],
  ['omitted inputs and outputs', withNode({ input: ['x', '', ''], output: ['y', '', ''] })],
  ['an empty list of integers', withAttribute({ name: 'axes', type: 7 })],
  ['a branch’s output without a type', withBranch({ output: [{ name: 'z', metadataProps: [] }] })],
  ['a name that a branch before it used', withBranch({}, unary('Neg', 'x', 'z'))],
  ['a reference to a parameter', withReference({ refAttrName: 'p' }, 'p')],
  ['IR version 2, which has one operator set', inGraph({}, { irVersion: 2n, opsetImport: [] })],
  ['IR version 14', inGraph({}, { irVersion: 14n })],
  [
    'a subgraph’s value of any type',
    withBranch({ input: [value('i', []), { ...value('j', []), type: {} }] }),
  ],
])('accepts %s', (_, good) => {
  expect(checkModel(good)).toEqual([]);
});

test.each<[note: string, unusual: ModelProto]>([
  [
    'the model imports the domain "" twice, 1 and 2: the highest binds',
    inGraph({}, { opsetImport: [{ version: 1n }, { domain: 'ai.onnx', version: 2n }] }),
  ],
  [
    'the model imports version 0 of the domain "local"',
    inGraph({}, { opsetImport: [{ version: 17n }, { domain: 'local', version: 0n }] }),
  ],
  [
    'functions need IR version 8: they are not looked at',
    inGraph({}, { irVersion: 7n, functions: [localFunction({ name: '' })] }),
  ],
  ['graph "main" has a value info without a name', inGraph({ valueInfo: [value('', [])] })],
  [
    'graph "main", value info "v" has the dimension -1, read as unknown',
    inGraph({ valueInfo: [value('v', [-1n])] }),
  ],
  [
    'graph "main", value info "v" has no type',
    inGraph({ valueInfo: [{ ...value('v', []), type: {} }] }),
  ],
  [
    'graph "main", node 0 (If), attribute "then_branch", graph "branch", its inputs, ' +
      'defines "x" anew: in this graph, it hides an outer value',
    withBranch({ input: [value('x', [])] }),
  ],
  [
    'graph "main", node "act" (Relu), attribute "k" has no type',
    withAttribute({ name: 'k', type: 13, tp: {} }),
  ],
  [
    'graph "main", node "act" (Relu), attribute "k" has no value, read as 0',
    withAttribute({ name: 'k', type: 2 }),
  ],
  [
    'graph "main", node "act" (Relu), attribute "k" has no value, read as an empty text',
    withAttribute({ name: 'k', type: 3 }),
  ],
  [
    'graph "main", node "sink" (Sink) has no output',
    inGraph(
      {
        node: [
          unary('Relu', 'x', 'y'),
          unary('Sink', 'x', '', { name: 'sink', domain: 'local', output: [] }),
        ],
      },
      { opsetImport: [{ version: 17n }, { domain: 'local', version: 1n }] },
    ),
  ],
  [
    'function "twice", node 0 (Relu), attribute "k" refers to "p", not a parameter of the function: ' +
      'it is left out',
    withReference({ refAttrName: 'p' }, 'q'),
  ],
])('notes: %s', (note, unusual) => {
  expect(checkModel(unusual)).toEqual([note]);
});

test('tells the first 20 notes, and how many more there are', () => {
  const valueInfo = Array.from({ length: 25 }, () => value('', []));
  const notes = checkModel(inGraph({ valueInfo }));
  expect(notes).toHaveLength(21);
  expect(notes.at(-1)).toBe('and 5 more such notes');
});

test.each<[message: string, broken: ModelProto]>([
  // Versions, imports, metadata.
  ['the model has IR version 0, expected 1 to 14', inGraph({}, { irVersion: 0n })],
  ['the model has IR version 15, expected 1 to 14', inGraph({}, { irVersion: 15n })],
  ['the model imports operator sets, which IR version 2 has not', inGraph({}, { irVersion: 2n })],
  ['the model has no graph', model({})],
  ['the model imports no operator set', inGraph({}, { opsetImport: [] })],
  [
    'graph "main", node 0 (Relu) is of version 0 of domain "", expected 1 or more',
    inGraph({}, { opsetImport: [{ version: 0n }] }),
  ],
  [
    'the model has the metadata key "k" twice',
    inGraph({}, { metadataProps: [{ key: 'k' }, { key: 'k' }] }),
  ],
  // Graphs.
  ['graph has no name', inGraph({ name: '' })],
  ['graph "main", input has no name', inGraph({ input: [value('', [])] })],
  [
    'graph "main", its inputs, defines "x", which is already defined',
    inGraph({ input: [value('x', []), value('x', [])] }),
  ],
  ['graph "main", output "z" is not defined in the graph', inGraph({ output: [value('z', [])] })],
  [
    'graph "main" has an initializer without a name',
    inGraph({ initializer: [{ ...w, name: '' }] }),
  ],
  ['graph "main" has two initializers "w"', inGraph({ initializer: [w, w] })],
  [
    'graph "main", initializer "w" is not an input, as IR version 3 demands',
    inGraph({ initializer: [w] }, { irVersion: 3n }),
  ],
  // Nodes.
  ['graph "main", node "act" () has no op type', withNode({ opType: '' })],
  [
    'graph "main", node 0 (Relu) is of domain "com.example", which is not imported',
    withNode({ name: '', domain: 'com.example' }),
  ],
  ['graph "main", node "act" (Relu) has no output', withNode({ output: [] })],
  [
    'graph "main", node "act" (Relu) uses "w" before it is defined',
    withNode({ input: ['x', 'w'] }),
  ],
  ['graph "main", node "act" (Relu) uses "y" before it is defined', withNode({ input: ['y'] })],
  [
    'graph "main", node 0 (Neg) uses "y" before it is defined',
    inGraph({ node: [unary('Neg', 'y', 'z'), unary('Relu', 'x', 'y')] }),
  ],
  [
    'graph "main", node 1 (Neg) defines "y", which is already defined',
    inGraph({ node: [unary('Relu', 'x', 'y'), unary('Neg', 'x', 'y')] }),
  ],
  [
    'graph "main", node "act" (Relu) defines "x", which is already defined',
    withNode({ output: ['x'] }),
  ],
  [
    'graph "main", node "act" (Relu) defines "y", which is already defined',
    withNode({ output: ['y', 'y'] }),
  ],
  // Attributes.
  ['node "act" (Relu) has an attribute without a name', withAttribute({ type: 2, i: 1n })],
  ['node "act" (Relu) has two attributes "k"', withAttribute(k, k)],
  [
    'node "act" (Relu), attribute "k" has type unset, expected 1 to 14',
    withAttribute({ name: 'k', i: 1n }),
  ],
  ['attribute "k" has type 15, expected 1 to 14', withAttribute({ ...k, type: 15 })],
  ['attribute "k" has its value in i, expected f', withAttribute({ ...k, type: 1 })],
  ['attribute "k" has its value in floats, expected i', withAttribute({ ...k, floats: [1] })],
  ['attribute "k" has no value, expected one in t', withAttribute({ name: 'k', type: 4 })],
  ['attribute "k" refers to "p" outside a function', withAttribute({ ...k, refAttrName: 'p' })],
  [
    'attribute "k" of float32 [] has 0 entries of floatData, expected 1',
    withAttribute({ name: 'k', type: 9, tensors: [tensor({ dataType: 1 })] }),
  ],
  // Subgraphs.
  ['node 0 (If), attribute "then_branch", graph has no name', withBranch({ name: '' })],
  [
    'graph "branch", node 0 (Relu) uses "later" before it is defined',
    withBranch({ node: [unary('Relu', 'later', 'z')] }, unary('Neg', 'x', 'later')),
  ],
  [
    'graph "branch", node 0 (Relu) defines "x", which is already defined',
    withBranch({ node: [unary('Relu', 'x', 'x')] }),
  ],
  [
    'graph "branch", output "x" is not defined in the graph',
    withBranch({ output: [value('x', [])] }),
  ],
  [
    'graph "main", node 1 (Neg) uses "z" before it is defined',
    withBranch({}, unary('Neg', 'z', 'v')),
  ],
  // Functions.
  ['the model has a function without a name', withFunction({ name: '' })],
  ['the model has two functions "twice"', withFunction({}, localFunction({}))],
  [
    'the model imports version 4294967296 of the domain "": too large',
    inGraph({}, { opsetImport: [{ version: 2n ** 32n }] }),
  ],
  [
    'function "twice", node 0 (Relu) is of domain "", which is not imported',
    withFunction({ opsetImport: [] }),
  ],
  ['function "twice" has no domain', inGraph({}, { functions: [withoutDomain] })],
  ['function "twice" has the output "b" twice', withFunction({ output: ['b', 'b'] })],
  ['function "twice" calls itself', withFunction(calling('twice'))],
  [
    'function "twice" calls itself',
    withFunction(calling('thrice'), localFunction({ name: 'thrice', ...calling('twice') })),
  ],
  [
    'function "twice", its inputs, defines "a", which is already defined',
    withFunction({ input: ['a', 'a'] }),
  ],
  ['function "twice" has "k" twice', withFunction({ attribute: ['k'], attributeProto: [k] })],
  ['function "twice", output "c" is not defined', withFunction({ output: ['c'] })],
  [
    'function "twice", node 0 (Relu) uses "x" before it is defined',
    withFunction({ node: [unary('Relu', 'x', 'b')] }),
  ],
  [
    'function "twice", node 0 (Relu) is of domain "local", which is not imported',
    withFunction({ node: [unary('Relu', 'a', 'b', { domain: 'local' })] }),
  ],
  [
    'attribute "k" has both a reference and a value',
    withReference({ refAttrName: 'p', i: 1n }, 'p'),
  ],
  [
    'function "twice", attribute "k" refers to "k" outside a function',
    withFunction({ attributeProto: [attribute({ name: 'k', type: 2, refAttrName: 'k' })] }),
  ],
])('refuses: %s', (message, broken) => {
  expect(() => checkModel(broken)).toThrow(OnnxError);
  expect(() => checkModel(broken)).toThrow(message);
});
