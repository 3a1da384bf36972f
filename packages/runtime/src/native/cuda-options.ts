/** The options of onnxruntime's CUDA provider. */
import type { Handle } from './api.ts';
import type { Scope } from './scope.ts';

export interface CudaOptions {
  /** Products of float32 with 10 bits of mantissa, on tensor cores. Off unless asked for. */
  tf32?: boolean;
  /**
   * Runs are captured once and replayed as a whole. All nodes must run on CUDA, and all shapes be known;
   * "where possible" does without if a node does not. Off unless asked for.
   */
  graphs?: boolean | 'where possible';
  /** How cuDNN chooses a convolution's algorithm: by trying all, by rules, or the same one always. */
  cudnnSearch?: 'exhaustive' | 'heuristic' | 'default';
  /** Bytes that the provider's arena may take. */
  memoryLimit?: number;
}

/** As the provider's own keys and values. */
function cudaEntries({
  tf32 = false,
  graphs = false,
  cudnnSearch = 'exhaustive',
  memoryLimit,
}: CudaOptions = {}): Record<string, string> {
  return {
    device_id: '0',
    use_tf32: tf32 ? '1' : '0',
    enable_cuda_graph: graphs === false ? '0' : '1',
    cudnn_conv_algo_search: cudnnSearch.toUpperCase(),
    ...(memoryLimit === undefined ? {} : { gpu_mem_limit: String(memoryLimit) }),
  };
}

/** Adds CUDA's provider to a session's options. */
export function appendCuda(scope: Scope, settings: Handle, options?: CudaOptions): void {
  const { api } = scope;
  const cuda = scope.create('CUDAProviderOptions', 'CreateCUDAProviderOptions');
  const entries = cudaEntries(options);
  const [keys, values] = [Object.keys(entries), Object.values(entries)];
  api.call('UpdateCUDAProviderOptions', cuda, keys, values, keys.length);
  api.call('SessionOptionsAppendExecutionProvider_CUDA_V2', settings, cuda);
}
