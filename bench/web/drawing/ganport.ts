import { loadGenerator, type Runtime } from '@ganport/sample/web';
import { serve } from './page.ts';

serve(async ({ preset, threads, query }) => {
  const device = query.get('device') as 'javascript' | 'wasm' | 'webgpu';
  const runtime: Runtime = device === 'javascript' ? 'small' : 'onnxruntime';
  const generator = await loadGenerator(`${preset}.onnx`, { device, runtime, threads });
  let seed = 0;
  return {
    description: generator.description,
    show: (canvas) => generator.draw(canvas, { seed: 42 }),
    async draw(count) {
      seed += 1;
      return (await generator.sample({ seed, count, as: 'bytes' })).data;
    },
    async of(latents) {
      return (await generator.sample({ latents, as: 'bytes' })).data;
    },
  };
});
