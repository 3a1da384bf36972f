/** The pictures that are shown, as code that asks for them. */
import type { GeneratorMetadata } from '@ganport/model';
import { type Wanted, wantedQuery } from './state.ts';

export const LANGUAGES = ['curl', 'TypeScript', 'HTML'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface CodeOptions {
  /** Address of the service, ending in a slash. */
  base: string;
  wanted: Wanted;
  /** One picture; none for a grid of `count`. */
  picture: number | undefined;
  count: number;
  metadata: GeneratorMetadata;
}

export function codeFor(language: Language, options: CodeOptions): string {
  const url = addressOf(options);
  const { wanted, picture, metadata } = options;
  const file = `seed-${wanted.seed}${picture === undefined ? '' : `-${picture}`}.png`;
  if (language === 'curl') return `curl -o ${file} '${url}'`;
  if (language === 'TypeScript') return typeScript(options);
  const { width, height } = metadata.image;
  const size = picture === undefined ? '' : ` width="${width}" height="${height}"`;
  const alternative = `${metadata.name}, seed ${wanted.seed}`;
  return `<img src="${escaped(url)}"${size} alt="${escaped(alternative)}">`;
}

/** The address of one picture, or of the grid, as PNG. */
function addressOf({ base, wanted, picture, count, metadata }: CodeOptions): string {
  const query = wantedQuery(wanted, metadata);
  if (picture === undefined) query.set('count', String(count));
  const path = picture === undefined ? wanted.seed : `${wanted.seed}/${picture}.png`;
  return new URL(`v1/images/${path}${query.size > 0 ? `?${query}` : ''}`, base).href;
}

function typeScript({ base, wanted, picture, count }: CodeOptions): string {
  const { seed, label, codes, truncation } = wanted;
  const options = {
    seed,
    ...(picture === undefined ? { count } : { start: picture }),
    ...(label !== undefined && { label }),
    ...(Object.keys(codes).length > 0 && { codes }),
    ...(truncation !== undefined && { truncation }),
  };
  return `import { loadGenerator } from '@ganport/sample/web';

const generator = await loadGenerator('${new URL('generator.onnx', base).href}');
const pictures = await generator.sample(${literal(options)});`;
}

/** As one writes an object. */
function literal(value: object): string {
  return JSON.stringify(value)
    .replaceAll(/"([A-Za-z_]\w*)":/g, '$1: ')
    .replaceAll(',', ', ')
    .replaceAll('{', '{ ')
    .replaceAll('}', ' }');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
