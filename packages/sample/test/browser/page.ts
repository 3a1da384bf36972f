/** A page for browser tests: the API is on the window, and <gan-image> is defined. */
import '@ganport/sample/define';
import { loadGenerator } from '@ganport/sample/web';

declare global {
  interface Window {
    web: { loadGenerator: typeof loadGenerator };
  }
}

window.web = { loadGenerator };
