/** Imported first: zod otherwise tries `new Function`, which this page's policy forbids and reports. */
import { config } from 'zod';

config({ jitless: true });
