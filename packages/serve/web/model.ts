/** The generator that is served. */
import { type GeneratorMetadata, turnsIn } from '@ganport/model';
import { getFromServer } from './server.ts';

export interface Model {
  sha256: string;
  bytes: number;
  /** What draws on the server. */
  runtime: string;
  metadata: GeneratorMetadata;
}

export async function fetchModel(): Promise<Model> {
  return (await getFromServer('v1/model')).json();
}

/** Bytes of all pictures of a grid: they cross the network as they are. */
const MAX_GRID_BYTES = 2 ** 21;
/** More columns leave too little of a phone for each. */
const MAX_COLUMNS = 10;
const COLUMNS = 8;
const MAX_PICTURES = 64;

/** How many pictures a grid has, and in how many columns: each is of one class, where there are few. */
export function gridOf({ image, classes }: GeneratorMetadata): { count: number; columns: number } {
  const each = image.width * image.height * image.channels;
  const most = Math.max(1, Math.min(MAX_PICTURES, Math.floor(MAX_GRID_BYTES / each)));
  const few = classes && classes.length <= MAX_COLUMNS;
  const turns = few ? classes.length * Math.floor(MAX_COLUMNS / classes.length) : COLUMNS;
  const columns = Math.min(turns, most);
  return { count: Math.floor(most / columns) * columns, columns };
}

/** Class of picture `index`: the one that is asked for, or else they take turns. */
export function classOf(
  { classes }: GeneratorMetadata,
  label: number | undefined,
  index: number,
): number | undefined {
  return classes && (label ?? Number(turnsIn(classes.length, index, 1)[0]));
}

/** "Picture 12, class 3". */
export function nameOf(
  metadata: GeneratorMetadata,
  label: number | undefined,
  index: number,
): string {
  const own = classOf(metadata, label, index);
  return own === undefined
    ? `Picture ${index}`
    : `Picture ${index}, class ${metadata.classes![own]}`;
}

/** One line of where it comes from. */
export function describe({ bytes, metadata: { name, provenance, image } }: Model): string {
  // A browser's own formatter takes it tens of milliseconds to start.
  const steps = String(provenance.steps).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  const size = bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const shape = `${image.width} × ${image.height} in ${image.channels === 1 ? 'grey' : 'colour'}`;
  const trained = steps === '1' ? '1 step' : `${steps} steps`;
  return `“${name}” · ${trained} on ${provenance.dataset.name} · ${shape} · ${size}`;
}
