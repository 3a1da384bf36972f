import { cudaProblem, providerFolder } from '@ganport/runtime/node';
import { command, type Log, type Result } from '../command.ts';
import { installedVersions, machine } from '../doctor/machine.ts';
import { type Findings, report } from '../doctor/report.ts';
import { runProbe } from '../doctor/run-probe.ts';
import { type ProbeStatus, TRAINERS } from '../doctor/status.ts';
import { choice } from '../flags.ts';
import { byteProgress } from '../install-cuda/byte-progress.ts';
import { installCuda } from '../install-cuda/install.ts';
import { cudaPackage } from '../install-cuda/package.ts';
import { exitCodeOf, interruptible } from '../interruption.ts';

export const doctor = command({
  usage: 'doctor',
  describe: 'Say what trains on this machine and how fast, and what would make the rest work',
  examples: [
    ['doctor --json', 'For a bug report'],
    ['doctor --install cuda', "Downloads onnxruntime's CUDA provider"],
    ['doctor --install cuda', 'With NUGET_INDEX=URL set: from another NuGet feed'],
  ],
  arguments: {},
  flags: { install: choice("Download what onnxruntime's npm package lacks", ['cuda']) },
  async run({ install }, log) {
    return install ? installedCuda(log) : examine(log);
  },
});

async function examine(log: Log): Promise<Result> {
  const found: Findings = {
    versions: installedVersions(),
    machine: await machine(),
    engines: [],
  };
  const note = progressNote(log);
  for (const { engine, device } of TRAINERS) {
    note(`Training 20 steps with ${engine} on ${device} …`);
    found.engines.push({ engine, device, ...explained(await runProbe([engine, device])) });
  }
  note('');
  const columns = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY;
  const exitCode = found.engines.some(({ works }) => works) ? 0 : 1;
  return { json: found, text: report(found, columns), exitCode };
}

/** Where TensorFlow.js runs without its native part, what would give it one. */
function explained(status: ProbeStatus): ProbeStatus {
  if (!status.works || !status.description?.includes('(tfjs-node: ')) return status;
  const remedy = "tfjs-node's native part, which `bash bench/tfjs-node/build.sh` makes (Linux x64)";
  return { ...status, remedy };
}

/** A line that the next replaces in a terminal, and "" removes; elsewhere, lines. */
function progressNote(log: Log): (line: string) => void {
  if (process.stderr.isTTY) return (line) => process.stderr.write(`\r\x1b[K${line}`);
  return (line) => line && log(line);
}

async function installedCuda(log: Log): Promise<Result> {
  const source = cudaPackage(process.env.NUGET_INDEX || undefined);
  const folder = providerFolder();
  const problem = cudaProblem(folder);
  if (problem) {
    const outcome = await interruptible(async (signal) => {
      log(`Downloading ${source.name} ${source.version} from ${source.index}`);
      const progress = byteProgress(log);
      try {
        await installCuda({ folder, source, signal, onProgress: progress.update });
        return 'installed';
      } catch (error) {
        if (signal.aborted) return exitCodeOf(signal);
        throw error;
      } finally {
        progress.stop();
      }
    });
    if (outcome !== 'installed') {
      const text = 'Stopped: nothing was installed.';
      return { json: { installed: false, folder }, text, exitCode: outcome };
    }
  }
  log('Trying CUDA …');
  const cuda = await runProbe(['onnxruntime', 'cuda']);
  const said = problem
    ? `Installed onnxruntime's CUDA provider ${source.version} in ${folder}.`
    : `onnxruntime's CUDA provider is installed already, in ${folder}.`;
  const rest = cuda.works
    ? `It works: ${cuda.speed!.stepsPerSecond.toPrecision(3)} steps/s.`
    : `It does not work yet: ${cuda.why}\nIt needs ${cuda.remedy}`;
  return { json: { installed: true, already: !problem, folder, cuda }, text: `${said}\n${rest}` };
}
