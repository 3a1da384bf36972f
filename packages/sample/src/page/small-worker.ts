/** A worker that draws with the small runtime alone. */
import type { Port } from '../web/protocol.ts';
import { serve } from '../web/serve.ts';
import { openSmall } from '../web/small-engine.ts';

serve(globalThis as unknown as Port, openSmall);
