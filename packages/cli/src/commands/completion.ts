import { type AnyCommand, command } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { completedCommands } from '../completion/table.ts';
import { zshCompletion } from '../completion/zsh.ts';

const SHELLS = { bash: bashCompletion, zsh: zshCompletion } as const;

/** The command that completes these others, and itself. */
export function completion(others: readonly AnyCommand[]): AnyCommand {
  const self: AnyCommand = command({
    usage: 'completion <shell>',
    describe: 'Print what makes a shell complete commands and flags',
    examples: [
      ['completion bash', 'For ~/.bashrc: eval "$(ganport completion bash)"'],
      ['completion zsh', 'For ~/.zshrc: source <(ganport completion zsh)'],
    ],
    arguments: {
      shell: {
        choices: Object.keys(SHELLS) as (keyof typeof SHELLS)[],
        demandOption: true,
        describe: 'Which shell',
      },
    },
    flags: {},
    async run({ shell }) {
      const script = SHELLS[shell](completedCommands([...others, self]));
      return { json: { shell, script }, text: script };
    },
  });
  return self;
}
