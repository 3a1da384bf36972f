/** What trains in a page. */
export type Library = 'ganport' | 'tfjs' | 'jax-js';
//# sourceMappingURL=library.d.ts.map
