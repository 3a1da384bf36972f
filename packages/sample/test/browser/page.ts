/** A page for browser tests: its API is on the window. */
import { loadGenerator } from '@ganport/sample/web';

declare global {
  interface Window {
    web: { loadGenerator: typeof loadGenerator };
  }
}

window.web = { loadGenerator };
