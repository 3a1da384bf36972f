import { fileURLToPath } from 'node:url';

/** The page as files, to serve from any address or to copy: nothing in them names one. */
export const PAGE_FOLDER = fileURLToPath(new URL('../dist/page', import.meta.url));
