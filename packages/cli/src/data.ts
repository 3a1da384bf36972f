/** What `train` and `eval` share: where images come from, and how pictures get their form. */
import {
  configSchema,
  type Dataset,
  type DownloadProgress,
  loadDataset,
  type Overrides,
  type PrepareProgress,
  type TrainConfig,
} from '@ganport/train';
import type { Log } from './command.ts';
import { choice, dataSource, given, integer, text } from './flags.ts';

const { size, fit, range, onBadImage } = configSchema.shape;

export function dataFlags(describe: string) {
  return {
    data: dataSource(describe),
    'data-dir': {
      ...text("Folder of the data set's files"),
      defaultDescription: 'they are downloaded',
    },
    size: {
      ...integer('size', 'Height and width that pictures get', size.unwrap()),
      defaultDescription: '28, 32 or 64, by the pictures',
    },
    fit: {
      ...choice('How pictures that are not square get it', fit.unwrap().options),
      defaultDescription: 'crop',
    },
    channels: {
      ...integer('channels', 'Pictures are grey, 1, or in colour, 3', { minValue: 1, maxValue: 3 }),
      defaultDescription: "the pictures'",
    },
    range: {
      ...choice('What black and white are in arrays of floats', range.unwrap().options),
      defaultDescription: 'none: bytes',
    },
    'on-bad-image': {
      ...choice('What a picture that cannot be read does', onBadImage.unwrap().options),
      defaultDescription: 'fail',
    },
  } as const;
}

export interface DataFlags {
  data?: string | undefined;
  'data-dir'?: string | undefined;
  size?: number | undefined;
  fit?: Overrides['fit'];
  channels?: number | undefined;
  range?: Overrides['range'];
  'on-bad-image'?: Overrides['onBadImage'];
}

/** Data flags as a configuration calls them, but for where the data are. */
export function pictureSettings({ size, fit, channels, range, ...rest }: DataFlags) {
  return given({ size, fit, channels, range, onBadImage: rest['on-bad-image'] });
}

type DataSettings = Pick<
  TrainConfig,
  'data' | 'dataDir' | 'size' | 'fit' | 'channels' | 'background' | 'onBadImage' | 'range'
>;

/**
 * A configuration's data set, which is the caller's to close.
 * @param signal ends the preparing of pictures
 */
export function loadData(settings: DataSettings, log: Log, signal?: AbortSignal): Promise<Dataset> {
  const { data: source, dataDir, size, fit, channels, background, onBadImage, range } = settings;
  return loadDataset({
    ...{ source, dataDir, onProgress: downloadProgress(log) },
    ...given({ size, fit, channels, background, onBadImage, range }),
    ...{ onPrepare: prepareProgress(log), onNotice: log, signal },
  });
}

/** One line per file that is downloaded. */
function downloadProgress(log: Log): (progress: DownloadProgress) => void {
  let current: string | undefined;
  return ({ file, total }) => {
    if (file === current) return;
    current = file;
    log(`Downloading ${file}, ${(total / 1e6).toFixed(1)} MB …`);
  };
}

/** Between lines of progress, in milliseconds. */
const PREPARING_EVERY_MS = 5000;

/** A line as pictures begin to be prepared, and now and then. */
function prepareProgress(log: Log): (progress: PrepareProgress) => void {
  let told: number | undefined;
  return ({ what, done, total }) => {
    const now = performance.now();
    if (told === undefined) {
      log(`Preparing ${total} pictures; next time they are ready …`);
    } else if (now - told < PREPARING_EVERY_MS) {
      return;
    } else {
      log(`${what} ${done} of ${total}`);
    }
    told = now;
  };
}
