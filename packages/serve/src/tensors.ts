/** Tensors of the Open Inference Protocol: JSON, or bytes behind it (its binary extension). */
import { quote } from '@ganport/model';
import * as z from 'zod';
import { parseBytes } from './body.ts';
import { HttpError } from './http-error.ts';
import { parseRequest } from './parameters.ts';

const dims = z.array(z.int().min(1)).min(1).max(8);

/** Of `POST …/infer`. What is not used of it is let pass, as servers of this protocol do. */
export const inferRequest = z
  .object({
    id: z.string().max(1024).optional(),
    parameters: z.looseObject({ binary_data_output: z.boolean().optional() }).optional(),
    inputs: z
      .array(
        z.object({
          name: z.string(),
          datatype: z.string(),
          shape: dims,
          parameters: z.looseObject({ binary_data_size: z.int().min(0).optional() }).optional(),
          data: z.array(z.unknown()).optional(),
        }),
      )
      .min(1)
      .max(16),
    outputs: z
      .array(
        z.object({
          name: z.string(),
          parameters: z.looseObject({ binary_data: z.boolean().optional() }).optional(),
        }),
      )
      .max(16)
      .optional(),
  })
  .meta({ id: 'InferRequest' });

export const inferAnswer = z
  .object({
    model_name: z.string(),
    model_version: z.string(),
    id: z.string().optional(),
    outputs: z.array(
      z.object({
        name: z.string(),
        datatype: z.string(),
        shape: dims,
        parameters: z.object({ binary_data_size: z.int() }).optional(),
        data: z.array(z.int()).optional(),
      }),
    ),
  })
  .meta({ id: 'InferAnswer' });

export interface InferRequest {
  id: string | undefined;
  /** By name. */
  inputs: ReadonlyMap<string, Input>;
  /** Whether the output is to come as bytes. */
  binary: boolean;
}

export interface Input {
  datatype: string;
  shape: readonly number[];
  /** Numbers in row-major order, or their bytes, little-endian. */
  data: readonly unknown[] | Buffer;
}

/**
 * Reads a request.
 * @param jsonBytes how many of the body are JSON, where tensors follow: Inference-Header-Content-Length
 * @param output the only one there is
 * @throws HttpError 400 that names what does not fit
 */
export function parseInfer(
  body: Buffer,
  jsonBytes: string | undefined,
  output: string,
): InferRequest {
  const length = jsonBytes === undefined ? body.length : Number(jsonBytes);
  if (!/^\d+$/.test(jsonBytes ?? '0') || length > body.length) {
    throw new HttpError(
      400,
      `Inference-Header-Content-Length: expected a length of at most ${body.length}, got ${quote(jsonBytes)}`,
    );
  }
  const request = parseRequest(inferRequest, parseBytes(body.subarray(0, length)));
  const inputs = new Map<string, Input>();
  let at = length;
  for (const { name, datatype, shape, data, parameters } of request.inputs) {
    if (inputs.has(name)) throw new HttpError(400, `inputs: ${quote(name)} is given twice`);
    const size = parameters?.binary_data_size;
    if ((size === undefined) === (data === undefined)) {
      throw new HttpError(400, `${name}: expected either data or binary_data_size`);
    }
    if (data) {
      inputs.set(name, { datatype, shape, data: data.flat(8) });
      continue;
    }
    if (at + size! > body.length) {
      throw new HttpError(
        400,
        `${name}: binary_data_size: expected at most the ${body.length - at} bytes that are left, got ${size}`,
      );
    }
    inputs.set(name, { datatype, shape, data: body.subarray(at, at + size!) });
    at += size!;
  }
  if (at !== body.length) {
    throw new HttpError(400, `the body has ${body.length - at} bytes more than its inputs tell of`);
  }
  const other = request.outputs?.find(({ name }) => name !== output);
  if (other)
    throw new HttpError(400, `outputs: expected ${quote(output)}, got ${quote(other.name)}`);
  const wanted = request.outputs?.[0]?.parameters?.binary_data;
  const binary = wanted ?? request.parameters?.binary_data_output ?? false;
  return { id: request.id, inputs, binary };
}

const NUMBERS = {
  FP32: { bytes: 4, read: (from: Buffer, at: number) => from.readFloatLE(at) },
  INT64: { bytes: 8, read: (from: Buffer, at: number) => Number(from.readBigInt64LE(at)) },
} as const;

/**
 * An input's numbers.
 * @param shape as it has to be, but for the first dimension
 * @throws HttpError 400 that names the input
 */
export function numbersOf(
  name: string,
  input: Input,
  datatype: keyof typeof NUMBERS,
  rest: readonly number[],
): number[] {
  const expected = `${datatype} [N${rest.map((size) => `, ${size}`).join('')}]`;
  const got = `${input.datatype} [${input.shape.join(', ')}]`;
  const [count = 0, ...others] = input.shape;
  if (input.datatype !== datatype || others.join() !== rest.join()) {
    throw new HttpError(400, `${name}: expected ${expected}, got ${got}`);
  }
  const size = rest.reduce((product, dim) => product * dim, count);
  const { bytes, read } = NUMBERS[datatype];
  const { data } = input;
  const length = Buffer.isBuffer(data) ? data.length / bytes : data.length;
  if (length !== size) {
    throw new HttpError(400, `${name}: expected ${size} numbers for ${got}, got ${length}`);
  }
  if (Buffer.isBuffer(data)) return Array.from({ length: size }, (_, i) => read(data, i * bytes));
  const odd = data.find((value) => typeof value !== 'number');
  if (odd !== undefined) throw new HttpError(400, `${name}: expected numbers, got ${quote(odd)}`);
  return data as number[];
}
