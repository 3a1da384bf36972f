/** Which NuGet package holds the CUDA provider of the onnxruntime-node that is installed. */
import { createRequire } from 'node:module';
import { ModelError } from '@ganport/model';
import { CUDA_FILES } from '@ganport/runtime/node';

export interface NugetPackage {
  /** Address of the feed's index. */
  index: string;
  name: string;
  version: string;
  /** Path within the package of each of CUDA_FILES. */
  paths: Record<string, string>;
}

/** Where onnxruntime-node's own install script reads it, as far as it is read here. */
interface Metadata {
  manifests: Record<string, Record<string, { package: string; path: string }>>;
  packages: Record<string, { name: string; versions: { feed: string; version: string }[] }>;
  feeds: Record<string, { index: string }>;
}

/**
 * @param mirror a feed's index to use in place of onnxruntime's
 * @throws ModelError where onnxruntime has no CUDA provider, or says so in an unknown way
 */
export function cudaPackage(
  mirror: string | undefined,
  platform = `${process.platform}/${process.arch}`,
): NugetPackage {
  if (platform !== 'linux/x64') {
    throw new ModelError(
      `onnxruntime-node has its CUDA provider for linux/x64 only, and this is ${platform}; a GPU works here with --device webgpu`,
    );
  }
  const require = createRequire(import.meta.url);
  try {
    const metadata: Metadata = require('onnxruntime-node/script/install-metadata.js');
    const [manifest] = Object.entries(metadata.manifests)
      .filter(([name]) => name.startsWith(`${platform}:cuda`))
      .map(([, files]) => files);
    const entries = CUDA_FILES.map((file) => [file, manifest![`./${file}`]!] as const);
    const { name, versions } = metadata.packages[entries[0]![1].package]!;
    const { feed, version } = versions[0]!;
    const paths = Object.fromEntries(entries.map(([file, { path }]) => [file, path]));
    return { index: mirror ?? metadata.feeds[feed]!.index, name, version, paths };
  } catch (error) {
    const { version } = require('onnxruntime-node/package.json');
    throw new ModelError(
      `onnxruntime-node ${version} does not say where its CUDA provider is, as other versions do; ` +
        "its own script may install it: `node script/install.js --onnxruntime-node-install=cuda12` in the package's folder",
      { cause: error },
    );
  }
}
