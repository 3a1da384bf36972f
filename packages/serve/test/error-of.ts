/** What tests ask of errors over HTTP. */
import { expect } from 'vitest';

/** The error of an answer, after checking that it is JSON of the one shape. */
export async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const body = await response.json();
  const request_id = response.headers.get('x-request-id');
  expect(body).toEqual({
    error: { code: expect.any(String), message: expect.any(String), request_id },
  });
  expect(request_id).toMatch(/^[\w.-]{1,64}$/);
  expect(body.error.message).not.toMatch(/\n|node_modules|at .*\.ts/);
  return body.error;
}
