/** Slips of the fingers: names that do not exist, with what was meant, flags given twice, and values that say nothing. */
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
 * @throws UsageError if a flag is none of the command's, is given twice, as the two may differ, has an empty text or is
 * a switch with another value than true and false; and for what follows `--`, which no command takes
 */
export function expectFlags(args: readonly string[], command: AnyCommand, help: string): void {
  const flags: Flags = { ...command.flags, ...EVERYWHERE };
  const all = tokens(args, flags);
  const given = all.filter((token) => token.kind === 'option');
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
    const { string, boolean } = flags[name]!;
    if (string && value === '') {
      throw new UsageError(`${rawName} is empty: expected a value, or leave it out`);
    }
    if (boolean && value !== undefined && !['true', 'false'].includes(value)) {
      throw new UsageError(`${rawName}: expected true, false or no value, got ${quote(value)}`);
    }
  }
  const end = all.find((token) => token.kind === 'option-terminator');
  const left = end && args[end.index + 1];
  if (left !== undefined) throw new UsageError(`unknown argument: ${left} (see \`${help}\`)`);
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
