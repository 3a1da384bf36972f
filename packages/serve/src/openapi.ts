/** The service's addresses as an OpenAPI 3.1 document, made of the schemas that check requests to them. */
import { STATUS_CODES } from 'node:http';
import * as z from 'zod';
import { errorAnswer, file, type Operation } from './operation.ts';

export interface DocumentOptions {
  operations: readonly Operation[];
  /** Of the package. */
  version: string;
}

/** An OpenAPI 3.1 document. */
export function describeOperations({ operations, version }: DocumentOptions): object {
  const components: Record<string, unknown> = {};
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) {
    const { path, method } = operation;
    paths[path] = { ...paths[path], [method]: describe(operation, components) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'ganport',
      version,
      description:
        'Draws the pictures of a trained generator, the same for a seed and an index for ever.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '.', description: 'where this document is' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: { schemas: components },
  };
}

type Components = Record<string, unknown>;

function describe(operation: Operation, components: Components): object {
  const { id, tag, summary, description, body, bodyType, answers, errors } = operation;
  const { error = errorAnswer } = operation;
  const schemaOf = (schema: z.ZodType, io: 'input' | 'output') =>
    jsonSchema(schema, io, components);
  const requestBody = body && {
    required: true,
    content: {
      'application/json': { schema: schemaOf(body, 'input') },
      ...(bodyType && { [bodyType]: { schema: schemaOf(file, 'input') } }),
    },
  };
  const parameters = (['path', 'query', 'header'] as const).flatMap((place) => {
    const schema = { path: operation.params, query: operation.query, header: operation.headers }[
      place
    ];
    return schema ? describeParameters(schema, place, components) : [];
  });
  const content = Object.entries(answers).map(([type, schema]) => [
    type,
    { schema: schemaOf(schema, 'output') },
  ]);
  const failures = errors.map((status) => [
    status,
    {
      description: STATUS_CODES[status]!,
      content: { 'application/json': { schema: schemaOf(error, 'output') } },
    },
  ]);
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: {
      200: {
        description: 'OK',
        ...(content.length > 0 && { content: Object.fromEntries(content) }),
      },
      ...Object.fromEntries(failures),
    },
  };
}

function describeParameters(
  schema: z.ZodObject,
  place: 'path' | 'query' | 'header',
  components: Components,
): object[] {
  return Object.entries(schema.shape).map(([name, each]) => {
    const { description, ...described } = jsonSchema(each as z.ZodType, 'input', components);
    // JSON Schema has no examples of what is transformed.
    const { examples = [] } = (each as z.ZodType).meta() ?? {};
    const required = place === 'path' || !z.safeParse(each as z.ZodType, undefined).success;
    return {
      name,
      in: place,
      required,
      ...(description !== undefined && { description }),
      ...((examples as unknown[]).length > 0 && { example: (examples as unknown[])[0] }),
      schema: described,
    };
  });
}

/** A schema as JSON Schema; those with an id go to the components, and are referred to. */
function jsonSchema(
  schema: z.ZodType,
  io: 'input' | 'output',
  components: Components,
): Record<string, unknown> {
  const made = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  const {
    $schema,
    $defs = {},
    ...rest
  } = JSON.parse(JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/'));
  Object.assign(components, $defs);
  return rest;
}
