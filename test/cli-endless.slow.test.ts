/** What nothing in a process can end: the process ends itself. */
import { expect, test } from 'vitest';
import { Workspace } from '../packages/cli/test/workspace.ts';
import { buildEndless } from '../packages/sample/test/endless.ts';
import { startCommand } from './cli-process.ts';

test('a loop that onnxruntime does not leave off ends with the command, at its limit', async () => {
  const workspace = new Workspace();
  try {
    workspace.write('endless.onnx', buildEndless('nothing'));
    const line = ['sample', 'endless.onnx', '--time-limit', '1', '--device', 'cpu'];
    const command = startCommand(line, workspace.folder);
    const killed = setTimeout(() => command.kill('SIGKILL'), 30_000);
    const { code, stdout, stderr } = await command.exit;
    clearTimeout(killed);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^ganport: endless\.onnx: expected it to be loaded .* within 1 s on cpu, got no picture: [^\n]+\n$/,
    );
    expect(Object.keys(workspace.contents())).toEqual(['/endless.onnx']);
  } finally {
    workspace.remove();
  }
});
