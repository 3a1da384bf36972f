export { type AppOptions, createApp } from './app.ts';
export { ServeError } from './error.ts';
export { expectFreePort, type RunningServer, type ServerOptions, startServer } from './server.ts';
export { startWatch, type Watch, type Watched } from './watch.ts';
