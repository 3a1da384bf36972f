/** What is told in openapi.json of an address: the schemas that check requests to it, and those of its answers. */
import * as z from 'zod';

export interface Operation {
  method: 'get' | 'post';
  /** As OpenAPI has it: /v1/images/{seed}/{index}.png */
  path: string;
  /** A name that programs may call it by. */
  id: string;
  tag: string;
  summary: string;
  description?: string;
  /** Of the parameters in the path, in the query, in headers. */
  params?: z.ZodObject;
  query?: z.ZodObject;
  headers?: z.ZodObject;
  /** Of a JSON body. */
  body?: z.ZodType;
  /** Where the body may be more than JSON, its other type. */
  bodyType?: string;
  /** What it answers with when it succeeds, by Content-Type; nothing where there is no body. */
  answers: Readonly<Record<string, z.ZodType>>;
  /** Statuses of other answers, whose JSON is `error`. */
  errors: readonly number[];
  /** As `errorAnswer` unless given. */
  error?: z.ZodType;
}

/** Bytes of a file. */
export const file = z.unknown().meta({ type: 'string', format: 'binary' });

/** Bytes in base64. */
export const base64 = z.base64().meta({ contentEncoding: 'base64' });

export const errorAnswer = z
  .object({
    error: z.object({
      code: z
        .string()
        .meta({ description: 'HTTP’s words for the status', examples: ['bad_request'] }),
      message: z.string().meta({ description: 'What is wrong, in one line' }),
      request_id: z.string().optional().meta({ description: 'That of X-Request-Id' }),
    }),
  })
  .meta({ id: 'Error', description: 'What keeps a request from being answered' });

/** Of requests that draw: there may be no room, or no time. */
export const DRAWING_ERRORS = [400, 429, 503, 504] as const;
