/** Flags that environment variables may give too, as container hosts and systemd units do. */
import type { Flags } from './command.ts';
import { UsageError } from './command.ts';

/** What hosts of containers set. */
const COMMON: Readonly<Record<string, string>> = { port: 'PORT', host: 'HOST' };

/** Of --max-queue, GANPORT_MAX_QUEUE; the first that is set counts. */
function variablesOf(flag: string): string[] {
  const own = `GANPORT_${flag.toUpperCase().replaceAll('-', '_')}`;
  return Object.hasOwn(COMMON, flag) ? [own, COMMON[flag]!] : [own];
}

/** The same flags, whose help names their variables. */
export function withVariables<const F extends Flags>(flags: F): F {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      { ...flag, describe: `${flag.describe} [${variablesOf(name).join(', ')}]` },
    ]),
  ) as F;
}

/**
 * What was typed and, of what was not, what the variables say, which is checked like what is typed; an empty one says nothing.
 * @throws UsageError that names the variable
 */
export function fromEnvironment<T extends object>(
  flags: Flags,
  typed: T,
  env: Readonly<Record<string, string | undefined>>,
): T {
  const values = Object.entries(flags).map(([name, { coerce, choices }]) => {
    const own = typed[name as keyof T];
    const variable = variablesOf(name).find((name) => env[name]);
    if (own !== undefined || variable === undefined) return [name, own];
    const text = env[variable]!;
    if (choices && !choices.includes(text)) {
      throw new UsageError(`${variable} is "${text}", expected one of ${choices.join(', ')}`);
    }
    try {
      return [name, coerce ? coerce(text) : text];
    } catch (error) {
      throw new UsageError((error as Error).message.replace(`--${name}`, variable));
    }
  });
  return Object.fromEntries(values) as T;
}
