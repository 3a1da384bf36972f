/** A worker that draws with onnxruntime-web. */
import { openOrt } from '../web/bundled-ort-engine.ts';
import type { Port } from '../web/protocol.ts';
import { serve } from '../web/serve.ts';

serve(globalThis as unknown as Port, openOrt);
