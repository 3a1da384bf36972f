/** The page as files: index.html and what it loads, with no address of its own in them. */
import { fileURLToPath } from 'node:url';

/** A folder to serve from any address, or to copy. */
export const PAGE_FOLDER = fileURLToPath(new URL('../dist/page', import.meta.url));
