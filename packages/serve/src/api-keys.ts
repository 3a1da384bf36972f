/** Keys that clients show, and whose each is. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { quote } from '@ganport/model';
import { ServeError } from './error.ts';
import { HttpError } from './http-error.ts';

export interface ApiKey {
  /** What the log and the limits call whoever has it. */
  name: string;
  sha256: Buffer;
}

/** Shorter ones are guessed. */
const MIN_LENGTH = 16;
const NAME = /^[\w.-]{1,64}$/;
/** What a header may hold, but for spaces. */
const KEY = /^[\x21-\x7e]+$/;

/**
 * Reads keys: one a line, as KEY or NAME:KEY; what comes after # is a remark.
 * @param where what errors call the text. They do not repeat it
 * @throws ServeError that names the line
 */
export function parseApiKeys(text: string, where: string): ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const entry = line.replace(/(^|\s)#.*/, '').trim();
    if (entry === '') continue;
    const at = `${where}, line ${i + 1}`;
    const colon = entry.indexOf(':');
    const name = colon < 0 ? `key-${keys.length + 1}` : entry.slice(0, colon);
    const key = entry.slice(colon + 1);
    if (!NAME.test(name)) {
      throw new ServeError(
        `${at}: expected a name of letters, digits, "_", "-" and "." before ":"`,
      );
    }
    if (key.length < MIN_LENGTH || !KEY.test(key)) {
      throw new ServeError(
        `${at}: expected a key of at least ${MIN_LENGTH} letters, digits and signs, without spaces; \`openssl rand -hex 24\` makes one`,
      );
    }
    if (keys.some((other) => other.name === name)) {
      throw new ServeError(`${at}: the name ${quote(name)} is given twice`);
    }
    keys.push({ name, sha256: digest(key) });
  }
  if (keys.length === 0) throw new ServeError(`${where}: expected a key, got none`);
  return keys;
}

/**
 * Whose key a request shows, as `Authorization: Bearer KEY`, as `X-API-Key: KEY`, or as the password of Basic, which
 * browsers ask for.
 * @param called what errors call one
 * @throws HttpError 401 without one of them
 */
export function expectApiKey(keys: readonly ApiKey[], called: 'API key' | 'token' = 'API key') {
  return (request: IncomingMessage): string => {
    const shown = shownKey(request);
    const key = shown === undefined ? undefined : findKey(keys, shown);
    if (!key) {
      const message =
        shown === undefined
          ? `expected ${called === 'token' ? 'the' : 'an'} ${called}`
          : `this ${called} is not known`;
      throw new HttpError(401, message, {
        'WWW-Authenticate': 'Bearer realm="ganport", Basic realm="ganport", charset="UTF-8"',
      });
    }
    return `key ${key.name}`;
  };
}

function shownKey({ headers }: IncomingMessage): string | undefined {
  const [scheme, given] = (headers.authorization ?? '').split(/ +/);
  if (!given) return headers['x-api-key']?.toString();
  if (/^bearer$/i.test(scheme!)) return given;
  if (!/^basic$/i.test(scheme!)) return undefined;
  const pair = Buffer.from(given, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/** In a time that depends neither on the key nor on which it is. */
function findKey(keys: readonly ApiKey[], shown: string): ApiKey | undefined {
  const sha256 = digest(shown);
  return keys.reduce<ApiKey | undefined>(
    (found, key) => (timingSafeEqual(key.sha256, sha256) ? key : found),
    undefined,
  );
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
