import type { CompletedCommand, CompletedFlag, Values } from './table.ts';

/** A script for zsh, to be sourced, or kept as a file _ganport in a folder of $fpath. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef ganport
# Completion for zsh: source <(ganport completion zsh) in ~/.zshrc, after compinit
_ganport() {
  local curcontext=$curcontext state line
  local -A opt_args
  local -a commands=(
${commands.map(({ name, describe }) => `    ${quoted(`${name}:${describe}`)}`).join('\n')}
  )
  _arguments -C '(- *)'{-h,--help}'[Show help]' '(- *)--version[Show the version]' '1: :->command' '*:: :->rest'
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $words[1] in
${commands.map(branch).join('\n')}
      esac ;;
  esac
}
if [[ $funcstack[1] == _ganport ]]; then _ganport "$@"; else compdef _ganport ganport; fi`;
}

function branch({ name, flags, argument }: CompletedCommand): string {
  const specs = flags.map(spec);
  if (argument) specs.push(quoted(`1:${argument.name}${action(argument.values)}`));
  return [
    `        ${name})`,
    '          _arguments \\',
    `            ${specs.join(' \\\n            ')} ;;`,
  ].join('\n');
}

/** Both spellings of a flag exclude each other, and each itself. */
function spec({ spellings, describe, values }: CompletedFlag): string {
  const rest = `[${describe.replaceAll(/[[\]\\:]/g, '\\$&')}]${values ? `:value${action(values)}` : ''}`;
  const [long, short] = spellings.map((spelling) =>
    values && spelling.startsWith('--') ? `${spelling}=` : spelling,
  );
  if (!short) return quoted(`${long}${rest}`);
  return `${quoted(`(${spellings.join(' ')})`)}{${short},${long}}${quoted(rest)}`;
}

function action(values: Values): string {
  if (values === 'file') return ':_files';
  return values === 'other' ? ':' : `:(${values.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
