/** What `ganport serve` can be told, by flags and by variables. */
import { isIP } from 'node:net';
import { quote } from '@ganport/model';
import { readFileWithin } from '@ganport/model/node';
import type { ServerOptions } from '@ganport/serve';
import {
  type ApiKey,
  CONNECTIONS,
  GRACE_MS,
  LIMITS,
  LOG_LEVELS,
  type LogLevel,
  parseApiKeys,
  tracesUrl,
} from '@ganport/serve/settings';
import type { InferredOptionTypes } from 'yargs';
import { asUsage, UsageError } from './command.ts';
import { fromEnvironment, withVariables } from './environment.ts';
import { choice, given, integer, number, SHARED, text } from './flags.ts';

const SECONDS = { minValue: 0.001, maxValue: 86_400 };
const PORTS = { minValue: 0, maxValue: 65_535 };

/** In the order of the help: what is served, how much of it, to whom, and what is told of it. */
const DEFAULTS = {
  ...{ host: '127.0.0.1', port: SHARED.port.default, device: SHARED.device.default },
  ...{ 'time-limit': SHARED['time-limit'].default, poll: 2 },
  ...{
    'max-batch': 64,
    'max-delay': 0,
    'max-queue': LIMITS.maxQueue,
    'max-share': LIMITS.maxShare,
  },
  ...{ deadline: LIMITS.deadlineMs / 1000, grace: GRACE_MS / 1000 },
  ...{ 'max-connections': CONNECTIONS.maxConnections, 'log-level': 'info' as LogLevel },
} as const;

/** They have their defaults after variables were read. */
const plain = <T extends { default: unknown }>({ default: _, ...flag }: T): Omit<T, 'default'> =>
  flag;

/** A list, with commas. @param expected what each has to be, for a person */
const list = (flag: string, describe: string, item: RegExp, expected: string) =>
  ({
    ...text(`${describe}; several with commas`),
    coerce(given: unknown): string[] {
      const items = String(given)
        .split(',')
        .map((item) => item.trim());
      const odd = items.find((text) => !item.test(text));
      if (odd === undefined) return items;
      throw new UsageError(`--${flag}: expected ${expected}, got ${quote(odd)}`);
    },
  }) as const;

const ORIGIN = /^(\*|https?:\/\/[\w.:[\]-]+)$/;
const ANCESTOR = /^(\*|'self'|https?:\/\/[\w.:*[\]-]+)$/;
const HOST_NAME = /^[\w.-]+$/;

/** As express has them: a number, or addresses, networks and names of networks. */
function expectProxies(given: unknown): string {
  const proxies = String(given);
  const isNetwork = (item: string) => {
    const [address = '', mask = '1', ...rest] = item.split('/');
    const family = isIP(address);
    const most = family === 6 ? 128 : 32;
    const isBits = /^\d+$/.test(mask) && Number(mask) >= 1 && Number(mask) <= most;
    return family > 0 && rest.length === 0 && (isBits || (family === 4 && isIP(mask) === 4));
  };
  const isKnown = (item: string) =>
    /^(loopback|linklocal|uniquelocal)$/.test(item) || isNetwork(item);
  if (/^\d+$/.test(proxies)) return proxies;
  const odd = proxies.split(',').find((item) => !isKnown(item.trim()));
  if (odd === undefined) return proxies;
  throw new UsageError(
    `--trust-proxy: expected how many proxies there are, or their addresses, such as 10.0.0.0/8, loopback; got ${quote(odd)}`,
  );
}

/** Of keys and of the token. */
const MAX_KEY_FILE_BYTES = 2 ** 20;

const FLAGS = {
  host: text('Address to listen on'),
  port: plain(SHARED.port),
  device: plain(SHARED.device),
  threads: integer('threads', 'Threads of the CPU that draw; all cores unless given', {
    minValue: 1,
    maxValue: 1024,
  }),
  'time-limit': plain(SHARED['time-limit']),
  poll: number('poll', 'Seconds between two looks for new versions of the models; 0 is never', {
    ...SECONDS,
    minValue: 0,
  }),
  'max-batch': integer('max-batch', 'Most pictures of one run', { minValue: 1, maxValue: 4096 }),
  'max-delay': number('max-delay', 'Milliseconds that a run which is not full waits for more', {
    minValue: 0,
    maxValue: 1000,
  }),
  'max-queue': integer(
    'max-queue',
    'Pictures that may wait or be drawn; more are refused with 429',
    {
      minValue: 1,
      maxValue: 2 ** 20,
    },
  ),
  'max-share': number('max-share', 'Part of them that one key or address may have', {
    minValue: 0.001,
    maxValue: 1,
  }),
  deadline: number('deadline', 'Seconds to answer in, or else with 504', SECONDS),
  grace: number('grace', 'Seconds to finish what was asked for, when it is stopped', {
    ...SECONDS,
    minValue: 0,
  }),
  'max-connections': integer(
    'max-connections',
    'Connections at a time; half of them for one address',
    {
      minValue: 2,
      maxValue: 2 ** 20,
    },
  ),
  'api-key-file': text('File of keys that clients have to show, one a line, as KEY or NAME:KEY'),
  'rate-limit': integer('rate-limit', 'Requests a minute of one key or address', {
    minValue: 1,
    maxValue: 1e9,
  }),
  'cors-origins': list(
    'cors-origins',
    'Origins whose pages may read answers, or *',
    ORIGIN,
    'an origin such as https://example.org, or *',
  ),
  'frame-ancestors': list(
    'frame-ancestors',
    'Origins that may show the page in a frame',
    ANCESTOR,
    "an origin such as https://example.org, 'self' or *",
  ),
  'allowed-hosts': list(
    'allowed-hosts',
    'Names that requests may call this server by; all others with a dot are refused',
    HOST_NAME,
    'a name such as draw.example.org, without a port',
  ),
  'trust-proxy': {
    ...text('Proxies in front: how many, or their addresses; of them X-Forwarded-For is believed'),
    coerce: expectProxies,
  },
  'admin-port': integer('admin-port', 'Port of this machine to load and unload models at', PORTS),
  'admin-token-file': text('File with the token that has to be shown there'),
  'log-level': choice('What is told on standard error, as JSON', LOG_LEVELS),
} as const;

export const SERVE_FLAGS = withVariables(
  Object.fromEntries(
    Object.entries(FLAGS).map(([name, flag]) => {
      const value = (DEFAULTS as Record<string, unknown>)[name];
      return [name, value === undefined ? flag : { ...flag, defaultDescription: String(value) }];
    }),
  ) as typeof FLAGS,
);

type Typed = Partial<InferredOptionTypes<typeof FLAGS>>;

/**
 * @param env also has GANPORT_API_KEYS and GANPORT_ADMIN_TOKEN, what else is in files
 * @throws UsageError, or Error for a file that cannot be read
 */
export async function servingOptions(
  typed: Typed,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Omit<ServerOptions, 'model'> & { logLevel: LogLevel }> {
  asUsage(() => tracesUrl(env));
  const flags = { ...DEFAULTS, ...given(fromEnvironment(SERVE_FLAGS, typed, env)) };
  const { 'max-connections': maxConnections, 'trust-proxy': proxies } = flags;
  return {
    ...{ host: flags.host, port: flags.port, device: flags.device, threads: flags.threads },
    timeLimitMs: flags['time-limit'] * 1000,
    pollMs: flags.poll * 1000,
    maxBatch: flags['max-batch'],
    maxDelayMs: flags['max-delay'],
    maxQueue: flags['max-queue'],
    maxShare: flags['max-share'],
    deadlineMs: flags.deadline * 1000,
    graceMs: flags.grace * 1000,
    limits: { maxConnections, maxPerAddress: Math.ceil(maxConnections / 2) },
    apiKeys: await keysOf(flags['api-key-file'], 'GANPORT_API_KEYS', env),
    ratePerMinute: flags['rate-limit'],
    corsOrigins: flags['cors-origins'],
    frameAncestors: flags['frame-ancestors'],
    ...(flags['allowed-hosts'] && { allowedHosts: flags['allowed-hosts'] }),
    ...(proxies !== undefined && { trustProxy: /^\d+$/.test(proxies) ? Number(proxies) : proxies }),
    admin: await adminOf(flags, env),
    logLevel: flags['log-level'],
  };
}

async function adminOf(
  flags: Typed,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ServerOptions['admin']> {
  const port = flags['admin-port'];
  if (port === undefined) return undefined;
  const [token] = (await keysOf(flags['admin-token-file'], 'GANPORT_ADMIN_TOKEN', env)) ?? [];
  if (token) return { port, token };
  throw new UsageError(
    '--admin-port: expected a token to show there, in --admin-token-file or GANPORT_ADMIN_TOKEN, got none',
  );
}

/** Of the file, or else of the variable, with commas. */
async function keysOf(
  file: string | undefined,
  variable: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ApiKey[] | undefined> {
  if (file !== undefined) {
    return parseApiKeys(String(await readFileWithin(file, MAX_KEY_FILE_BYTES)), file);
  }
  const text = env[variable];
  return text ? asUsage(() => parseApiKeys(text.replaceAll(',', '\n'), variable)) : undefined;
}
