/**
 * Runs command lines one after another in one process: `node child.mjs LINES`, a file of JSON, a list of lists of
 * arguments, of which the first few are whole and warm it up. Prints what went wrong, the longest time, and by how much memory
 * it grew for one of them, and for all.
 */
import { readFileSync } from 'node:fs';
import { main } from '../../packages/cli/dist/cli.js';
import { endProcess } from '../../packages/runtime/dist/node.js';

/** No more of what a command printed than shows what is wrong with it. */
const SHOWN = 500;

const { warm, lines } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const faults = [];
const codes = {};
let longest = 0;

async function run(line) {
  let printed = '';
  const { write } = process.stderr;
  const silence = process.stdout.write;
  let report = false;
  process.stdout.write = () => {
    report = true;
    return true;
  };
  process.stderr.write = (chunk) => {
    printed += chunk;
    return true;
  };
  const began = performance.now();
  let code;
  try {
    code = await main(line);
  } catch (error) {
    printed += `thrown: ${error.stack}`;
  } finally {
    process.stderr.write = write;
    process.stdout.write = silence;
  }
  const took = (performance.now() - began) / 1000;
  // inspect tells all it could read, and what is wrong among it, as its result.
  return { code, printed, took, told: line[0] === 'inspect' && report };
}

function faultOf({ code, printed, took, told }) {
  if (took > 10) return `took ${took.toFixed(1)} s`;
  if (![0, 1, 2].includes(code)) return `exit code ${code}`;
  if (code !== 0 && !(told && printed === '') && !/^ganport: [^\n]+\n$/.test(printed))
    return 'not one line';
  if (
    /\n\s+at |undefined|\[object|NaN is not|is not a function|Cannot read prop|call stack/.test(
      printed,
    )
  ) {
    return 'an error of the program';
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\x00-\x09\x0b-\x1f\x7f]/.test(printed)) return 'control characters';
  return undefined;
}

process.on('unhandledRejection', (error) =>
  faults.push({ fault: 'unhandled', printed: String(error) }),
);

for (const line of warm) await run(line);
/** Megabytes, at their most until now. */
const peak = () => process.resourceUsage().maxRSS / 1024;
const first = peak();
let grown = 0;
for (const line of lines) {
  const before = peak();
  const outcome = await run(line);
  grown = Math.max(grown, peak() - before);
  longest = Math.max(longest, outcome.took);
  codes[outcome.code] = (codes[outcome.code] ?? 0) + 1;
  const fault = faultOf(outcome);
  if (fault) faults.push({ line, fault, printed: outcome.printed.slice(0, SHOWN) });
}
const inAll = peak() - first;
process.stdout.write(`${JSON.stringify({ faults, codes, longest, grown, inAll })}\n`, () =>
  endProcess(0),
);
