/** The page in which a GAN trains, as files and served. */
export { PAGE_FOLDER } from './page-folder.ts';
export { expectPage, type ServedPage, servePage } from './serve-page.ts';
