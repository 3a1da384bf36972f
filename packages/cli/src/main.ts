#!/usr/bin/env node
import { constants } from 'node:os';
import { endProcess } from '@ganport/runtime/node';
import { hideBin } from 'yargs/helpers';
import { main } from './cli.ts';

/** For an operator under way to end by itself. */
const GRACE_MS = 2000;

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who read it, such as `head`, has read enough, or the terminal is gone; a training goes on.
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    process.stderr.write(`ganport: cannot print: ${error.message}\n`);
    process.exit(1);
  });
}

const code = await main(hideBin(process.argv));
process.exitCode = code;
// Node aborts as it exits where the terminal is gone: what the signal ended, it may end itself.
if (code === 128 + constants.signals.SIGHUP) process.kill(process.pid, 'SIGHUP');
// All is done by now. What still computes was given up, and cannot be ended in any other way.
setTimeout(() => endProcess(code), GRACE_MS).unref();
