/** A worker that draws with onnxruntime-web. */
import { openOrt } from './bundled-ort-engine.ts';
import type { Port } from './protocol.ts';
import { serve } from './serve.ts';

serve(globalThis as unknown as Port, openOrt);
