import { createRequire } from 'node:module';

/** Versions of ganport and of what it runs on. */
export function versions(): { ganport: string; node: string; 'onnxruntime-node': string } {
  const require = createRequire(import.meta.url);
  const versionOf = (path: string): string => require(path).version;
  return {
    ganport: versionOf('../package.json'),
    node: process.versions.node,
    'onnxruntime-node': versionOf('onnxruntime-node/package.json'),
  };
}
