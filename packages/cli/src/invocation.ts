/** How commands are typed where this process was started. */

/** The scripts of the repository's package.json that end here. */
const SCRIPTS: readonly (string | undefined)[] = ['ganport', 'start'];

/** `pnpm ganport` in the repository, `ganport` where it is installed. */
export function programName({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): string {
  return SCRIPTS.includes(script) ? 'pnpm ganport' : 'ganport';
}

/** A command to type next: `pnpm ganport export runs/mlp`. */
export function commandLine(...args: string[]): string {
  return [programName(process.env), ...args.map(quoteForShell)].join(' ');
}

function quoteForShell(argument: string): string {
  return /^[\w./:@=+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
