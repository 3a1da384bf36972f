/** Probes the device that its argument names, in a process of its own, and prints what it found. */
import { probeDevice } from '@ganport/serve';

process.stdout.write(JSON.stringify(await probeDevice(process.argv[2] as 'cpu')));
