/** The proxies that the environment names. */
import { quote } from './quote.ts';

interface Proxy {
  /** The variable that names it. */
  variable: string;
  url: URL;
}

/** By the protocol of what is asked for. */
export interface Proxies {
  http?: Proxy | undefined;
  https?: Proxy | undefined;
}

/**
 * HTTP_PROXY and HTTPS_PROXY, of which names in small letters come first; one that is empty is none.
 * HTTP_PROXY serves for both where there is no other.
 * @throws Error if one is no address of a proxy
 */
export function proxiesOf(env: NodeJS.ProcessEnv): Proxies {
  const http = proxyOf(env, ['http_proxy', 'HTTP_PROXY']);
  const named = ['https_proxy', 'HTTPS_PROXY'];
  const https = named.some((name) => env[name] !== undefined) ? proxyOf(env, named) : http;
  return { http, https };
}

function proxyOf(env: NodeJS.ProcessEnv, names: readonly string[]): Proxy | undefined {
  const variable = names.find((name) => env[name] !== undefined);
  const address = variable && env[variable]!.trim();
  if (!variable || !address) return undefined;
  // As curl has it, an address may do without its protocol.
  const whole = address.includes('://') ? address : `http://${address}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return { variable, url };
  // What is in front of @ are a name and a password.
  const got = quote(address.replace(/^.*@/, '…@'));
  throw new Error(`${variable}: expected an address such as http://host:8080, got ${got}`);
}
