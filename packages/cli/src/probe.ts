/** Probes the device that its argument names, in a process of its own, and prints what it found. */
import { type Device, probeDevice } from '@ganport/onnx/node';
import * as ort from 'onnxruntime-node';

process.stdout.write(JSON.stringify(await probeDevice(ort, process.argv[2] as Device)));
