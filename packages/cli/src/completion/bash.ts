import type { CompletedCommand, Values } from './table.ts';

/** A script for bash 3.2 and later. Names of commands, flags and choices are words without quotes or spaces. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name);
  return `# Completion for bash: eval "$(ganport completion bash)" in ~/.bashrc
_ganport() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command= word words=
  # In --flag=value, "=" is a word of its own.
  [[ $current == = ]] && current=
  [[ $previous == = ]] && previous=\${COMP_WORDS[COMP_CWORD - 2]}
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    case $word in ${names.join('|')}) command=$word; break ;; esac
  done
  case $command in
    '') words='${names.join(' ')} --help --version' ;;
${commands.map(branch).join('\n')}
  esac
  # Where there are no words, a file's name is completed.
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _ganport ganport`;
}

/** What may follow within one command: the value of the flag before, a flag, or its argument. */
function branch({ name, flags, argument }: CompletedCommand): string {
  const valued = flags.filter(({ values }) => values);
  const chosen = valued.filter(({ values }) => wordsOf(values) !== '');
  const others = valued
    .filter(({ values }) => wordsOf(values) === '')
    .flatMap(({ spellings }) => spellings);
  return [
    `    ${name})`,
    `      [[ $current == -* ]] && words='${flags.flatMap(({ spellings }) => spellings).join(' ')}' || words='${wordsOf(argument?.values)}'`,
    '      case $previous in',
    ...chosen.map(
      ({ spellings, values }) => `        ${spellings.join('|')}) words='${wordsOf(values)}' ;;`,
    ),
    ...(others.length > 0 ? [`        ${others.join('|')}) words= ;;`] : []),
    '      esac ;;',
  ].join('\n');
}

/** "" where any value may be. */
function wordsOf(values: Values | undefined): string {
  return Array.isArray(values) ? values.join(' ') : '';
}
