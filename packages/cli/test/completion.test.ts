/** What bash completes, asked as bash asks; the script for zsh, read by zsh where there is one. */
import { spawnSync } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/index.ts';
import { ganport } from './run.ts';
import { Workspace } from './workspace.ts';

const workspace = new Workspace();
afterAll(() => workspace.remove());

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

async function script(shell: string): Promise<string> {
  const { code, stdout, stderr } = await ganport('completion', shell);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** Words on a line, the last of them being typed; what completes it. */
const COMPLETIONS: [string[], string[]][] = [
  [['tra'], ['train']],
  [['frob'], []],
  [['--v'], ['--version']],
  [['--json', 'ex'], ['export']],
  [
    ['train', '--s'],
    ['--size', '--steps', '--seed'],
  ],
  [['train', '--steps', '3', '--pre'], ['--preset']],
  [
    ['train', '--preset', ''],
    ['mlp', 'conv', 'quick', 'dcgan', 'cdcgan', 'projection', 'sngan', 'resnet', 'r3gan'],
  ],
  // "=" is a word to bash.
  [
    ['train', '--preset', '='],
    ['mlp', 'conv', 'quick', 'dcgan', 'cdcgan', 'projection', 'sngan', 'resnet', 'r3gan'],
  ],
  [['train', '--preset', '=', 'q'], ['quick']],
  [['sample', 'a.onnx', '--format', 'n'], ['npy']],
  [['export', 'run', '--check'], ['--checkpoint']],
  // Files, which bash completes itself.
  [['sample', ''], []],
  [['train', '--out', 't'], []],
  [['export', 'run', '-o', 'e'], []],
  [
    ['completion', ''],
    ['bash', 'zsh'],
  ],
];

test.runIf(has('bash'))('bash completes commands, flags and choices', async () => {
  const path = workspace.write('ganport.bash', await script('bash'));
  const asked = COMPLETIONS.map(([words]) => {
    const line = ['ganport', ...words].map((word) => `'${word}'`).join(' ');
    return `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _ganport; echo "\${COMPREPLY[*]}"`;
  });
  const lines = [`source '${path}'`, 'complete -p ganport', ...asked];
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', lines.join('\n')], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const [registered, ...completed] = stdout.trimEnd().split('\n');
  expect(registered).toBe('complete -o default -F _ganport ganport');
  expect(completed).toEqual(COMPLETIONS.map(([, words]) => words.join(' ')));
});

test.runIf(has('zsh'))('zsh can read its script', async () => {
  const path = workspace.write('_ganport', await script('zsh'));
  expect(spawnSync('zsh', ['-n', path], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('the script for zsh has every flag, its description quoted', async () => {
  const text = await script('zsh');
  expect(text).toMatch(/^#compdef ganport\n/);
  for (const { flags } of COMMANDS) {
    for (const name of Object.keys(flags)) expect(text).toMatch(new RegExp(`--${name}=?[\\[}]`));
  }
  expect(text).toContain("'--data-dir=[Folder of the data set'\\''s files]:value:_files'");
  expect(text).toContain(
    "'(--out -o)'{-o,--out=}'[File to write; - is standard output]:value:_files'",
  );
  expect(text).toContain("'--format=[PNG and WebP hold a grid]:value:(png webp npy raw)'");
  expect(text).toContain("'1:shell:(bash zsh)'");
});
