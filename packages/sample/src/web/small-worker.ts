/** A worker that draws with the small runtime alone. */
import type { Port } from './protocol.ts';
import { serve } from './serve.ts';
import { openSmall } from './small-engine.ts';

serve(globalThis as unknown as Port, openSmall);
