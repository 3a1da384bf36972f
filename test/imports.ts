/** What packages import, read from their sources and held against the table of who may import whom. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { parseSync } from 'vite';

export interface SourceFile {
  /** Modules that are loaded: what is left of the imports when types are erased. */
  loads: string[];
  /** Every module that is named in an import, types included. */
  imports: string[];
  /** Every string: a package may be loaded by its name alone, by `require.resolve` for example. */
  strings: Set<string>;
}

interface PackageSources {
  /** Paths from the package's folder, such as src/index.ts. */
  files: Record<string, SourceFile>;
  /** Dependencies at run time, optional ones included. */
  dependencies: string[];
  /** Folders that tsconfig.json refers to, such as ../onnx. */
  references: string[];
  /** Entries that others import, by their key in package.json: '.' → src/index.ts. */
  entries: Record<string, string>;
}

/** Packages by the name of their folder; @ganport/NAME is that of the package. */
export type Sources = Record<string, PackageSources>;

const SCOPE = '@ganport/';

/** @param code TypeScript */
export function readImports(code: string): SourceFile {
  const { program, errors } = parseSync('file.ts', code);
  if (errors.length > 0) throw new Error(errors[0]!.message);
  const file: SourceFile = { loads: [], imports: [], strings: new Set() };
  for (const node of walk(program)) {
    if (node.type === 'Literal' && typeof node.value === 'string') file.strings.add(node.value);
    // Imports, exports from another module, import() and import() types.
    const specifier = (node.source as Node | null | undefined)?.value;
    if (typeof specifier !== 'string') continue;
    file.imports.push(specifier);
    // `import { type A } from 'a'` is not erased: verbatimModuleSyntax leaves `import 'a'`.
    const erased = (node.importKind ?? node.exportKind) === 'type' || node.type === 'TSImportType';
    if (!erased) file.loads.push(specifier);
  }
  return file;
}

type Node = { type: string } & Record<string, unknown>;

function* walk(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return;
  if ('type' in value) yield value as Node;
  for (const child of Object.values(value)) yield* walk(child);
}

/** Reads every package of a folder: its sources (tests and builds are none), manifest and references. */
export function readSources(folder: string): Sources {
  const sources: Sources = {};
  for (const name of readdirSync(folder)) {
    const home = join(folder, name);
    if (!existsSync(join(home, 'package.json'))) continue;
    const json = (file: string) => JSON.parse(readFileSync(join(home, file), 'utf8'));
    const manifest = json('package.json');
    const paths = ['src', 'web'].flatMap((part) => typeScript(join(home, part)));
    sources[name] = {
      files: Object.fromEntries(
        paths.map((path) => [relative(home, path), readImports(readFileSync(path, 'utf8'))]),
      ),
      dependencies: Object.keys({
        ...manifest.dependencies,
        ...manifest.optionalDependencies,
        ...manifest.peerDependencies,
      }),
      references: json('tsconfig.json').references.map(({ path }: { path: string }) => path),
      entries: Object.fromEntries(
        Object.entries<{ source: string }>(manifest.exports ?? {}).map(([key, { source }]) => [
          key,
          normalize(source),
        ]),
      ),
    };
  }
  return sources;
}

function typeScript(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file));
}

/** 'zod/v4' → 'zod', '@scope/name/entry' → '@scope/name'. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/**
 * Imports that the table does not allow, one a line.
 * @param above the packages that each package stands on; it may import what those stand on, too
 */
export function forbiddenImports(
  sources: Sources,
  above: Readonly<Record<string, readonly string[]>>,
): string[] {
  const allowed = (name: string): string[] =>
    (above[name] ?? []).flatMap((below) => [below, ...allowed(below)]);
  return Object.entries(sources).flatMap(([name, { files }]) => {
    if (!above[name]) return [`${name} is not in the table of imports`];
    const may = [name, ...allowed(name)];
    return Object.entries(files).flatMap(([path, { imports }]) =>
      imports
        .filter((specifier) =>
          specifier.startsWith('.')
            ? join(dirname(path), specifier).startsWith('..')
            : specifier.startsWith(SCOPE) &&
              !may.includes(packageOf(specifier).slice(SCOPE.length)),
        )
        .map((specifier) => `${name}/${path} imports ${specifier}`),
    );
  });
}

/** Where manifests or references differ from what the sources import, one a line. */
export function wrongDependencies(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([name, { files, dependencies, references }]) => {
    const all = Object.values(files);
    const imported = new Set(
      all
        .flatMap(({ imports }) => imports)
        .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier))
        .map(packageOf),
    );
    const named = new Set(all.flatMap(({ strings }) => [...strings]).map(packageOf));
    const siblings = dependencies.filter((dependency) => dependency.startsWith(SCOPE));
    const expected = siblings.map((sibling) => `../${sibling.slice(SCOPE.length)}`);
    return [
      ...[...imported]
        .filter((dependency) => !dependencies.includes(dependency))
        .map((dependency) => `${name} imports ${dependency}, no dependency of its package.json`),
      ...dependencies
        // Types are found by the name of what they are of.
        .filter((dependency) => !named.has(dependency) && !dependency.startsWith('@types/'))
        .map((dependency) => `${name} depends on ${dependency} and never names it`),
      ...(expected.sort().join() === [...references].sort().join()
        ? []
        : [`${name}/tsconfig.json refers to ${references}, expected ${expected}`]),
    ];
  });
}

/**
 * What an entry loads, directly or through other modules, that does not run in a page: one way to each,
 * "src/index.ts → src/files.ts → node:fs".
 * @param portable npm packages that run in a page
 */
export function notForPages(
  sources: Sources,
  name: string,
  entry: string,
  portable: readonly string[],
): string[] {
  const seen = new Set<string>();
  const found: string[] = [];
  const visit = (owner: string, path: string, way: string): void => {
    if (seen.has(`${owner}/${path}`)) return;
    seen.add(`${owner}/${path}`);
    for (const specifier of sources[owner]!.files[path]!.loads) {
      if (specifier.startsWith('.')) {
        const next = join(dirname(path), specifier);
        if (next.endsWith('.ts')) visit(owner, next, `${way} → ${next}`);
      } else if (specifier.startsWith(SCOPE)) {
        const sibling = packageOf(specifier).slice(SCOPE.length);
        const key = `.${specifier.slice(SCOPE.length + sibling.length)}`;
        visit(sibling, sources[sibling]!.entries[key]!, `${way} → ${specifier}`);
      } else if (!portable.includes(packageOf(specifier))) {
        found.push(`${way} → ${specifier}`);
      }
    }
  };
  visit(name, entry, `${name}/${entry}`);
  return found;
}
