import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parseTar } from 'nanotar';
import { sharedData } from '../../../test/shared-data.ts';

/**
 * The files of the 924 ONNX 1.22 backend tests by their names, such as
 * node/test_acos/model.onnx and node/test_acos/test_data_set_0/input_0.pb; undefined where they
 * are missing.
 */
export function readBackendTests(): ReadonlyMap<string, Uint8Array> | undefined {
  const path = sharedData('onnx/onnx-1.22.0-backend-tests-a.tgz');
  if (path === undefined) return undefined;
  const files = new Map<string, Uint8Array>();
  for (const { name, data } of parseTar(gunzipSync(readFileSync(path)))) {
    if (data) files.set(name, data);
  }
  return files;
}
