import { Router } from 'express';

/** A router whose addresses have one spelling each: to a cache, another is another address. */
export function createRouter(): Router {
  return Router({ caseSensitive: true, strict: true });
}
