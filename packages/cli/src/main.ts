#!/usr/bin/env node
import { constants } from 'node:os';
import { hideBin } from 'yargs/helpers';
import { main } from './cli.ts';

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // Who read it, such as `head`, has read enough, or the terminal is gone; a training goes on.
    if (error.code === 'EPIPE' || error.code === 'EIO') return;
    process.stderr.write(`ganport: cannot print: ${error.message}\n`);
    process.exit(1);
  });
}

process.exitCode = await main(hideBin(process.argv));
// Node aborts as it exits where the terminal is gone: what the signal ended, it may end itself.
if (process.exitCode === 128 + constants.signals.SIGHUP) process.kill(process.pid, 'SIGHUP');
