/** Slips of the fingers: names that do not exist, with what was meant, and flags given twice. */
import { parseArgs } from 'node:util';
import { quote, suggestion } from '@ganport/model';
import { type AnyCommand, type Flags, nameOf, UsageError } from './command.ts';
import { EVERYWHERE } from './flags.ts';

/** The command that a line names, if it names any. @throws UsageError for another word */
export function namedCommand(
  commands: readonly AnyCommand[],
  args: readonly string[],
): AnyCommand | undefined {
  const flags = Object.assign({}, EVERYWHERE, ...commands.map((command) => command.flags));
  const word = tokens(args, flags).find((token) => token.kind === 'positional')?.value;
  if (word === undefined) return undefined;
  const names = commands.map(nameOf);
  const found = commands[names.indexOf(word)];
  if (found) return found;
  const meant = suggestion(word, names);
  const remedy = meant ? `did you mean ${meant}?` : `expected one of ${names.join(', ')}`;
  throw new UsageError(`there is no command ${quote(word)}; ${remedy}`);
}

/**
 * @param help what to type for the flags that there are
 * @throws UsageError if a flag is none of the command's, or is given twice: the two may differ
 */
export function expectFlags(args: readonly string[], command: AnyCommand, help: string): void {
  const flags: Flags = { ...command.flags, ...EVERYWHERE };
  const given = tokens(args, flags).filter((token) => token.kind === 'option');
  if (given.some(({ name }) => name === 'help' || name === 'version')) return;
  for (const [i, { name, rawName, value, inlineValue, index }] of given.entries()) {
    if (!Object.hasOwn(flags, name)) {
      // Of "-steps", each letter is read as a flag; it is shown as it was typed.
      const typed = args[index]!.split('=')[0]!;
      const meant = suggestion(typed.replace(/^-+/, ''), Object.keys(flags));
      const remedy = meant ? `; did you mean --${meant}?` : ` (see \`${help}\`)`;
      throw new UsageError(`${nameOf(command)} has no flag ${typed}${remedy}`);
    }
    if (inlineValue && !rawName.startsWith('--') && !value.startsWith('=')) {
      throw new UsageError(`expected ${rawName} ${value}, got ${args[index]}`);
    }
    const before = given.slice(0, i).find((other) => other.name === name);
    if (before) {
      const values = value === undefined ? '' : `: ${quote(before.value)} and ${quote(value)}`;
      throw new UsageError(`${rawName} is given twice${values}`);
    }
  }
}

/** Flags and values as they stand on a line; a flag that is not known, or may go without, takes no value. */
function tokens(args: readonly string[], flags: Flags) {
  const options = Object.entries(flags).map(([name, { requiresArg, alias }]) => {
    const type = requiresArg ? ('string' as const) : ('boolean' as const);
    return [name, { type, ...(alias ? { short: String(alias) } : {}) }];
  });
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(options),
    strict: false,
    tokens: true,
    allowPositionals: true,
  }).tokens;
}
