/** Pictures as canvases have them. */
import { type Images, tileImages } from '@ganport/model';

/** One of several, as RGBA. */
export function toImageData({ height, width, channels, data }: Images, index = 0): ImageData {
  const picture = new ImageData(width, height);
  const first = index * height * width * channels;
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      // Grey is three equal channels.
      picture.data[pixel * 4 + channel] = data[first + pixel * channels + (channel % channels)]!;
    }
    picture.data[pixel * 4 + 3] = 255;
  }
  return picture;
}

/** One of several, alone. */
export function pictureOf(images: Images, index: number): Images {
  const size = images.height * images.width * images.channels;
  const data = images.data.subarray(index * size, (index + 1) * size);
  return { ...images, count: 1, data };
}

/** Puts a picture on a canvas, which gets its size. */
export function paint(canvas: HTMLCanvasElement, picture: ImageData): void {
  if (canvas.width !== picture.width) canvas.width = picture.width;
  if (canvas.height !== picture.height) canvas.height = picture.height;
  canvas.getContext('2d')!.putImageData(picture, 0, 0);
}

/** |a − b| of each level, of which the largest is white; and that as it is. */
export function differenceOf(a: Images, b: Images): { images: Images; most: number } {
  const differences = a.data.map((level, i) => Math.abs(level - b.data[i]!));
  const most = differences.reduce((larger, one) => Math.max(larger, one), 0);
  const scale = most === 0 ? 0 : 255 / most;
  return { images: { ...a, data: differences.map((one) => one * scale) }, most };
}

/** Saves pictures as one PNG, pixel for pixel. */
export async function download(images: Images, columns: number, name: string): Promise<void> {
  const canvas = document.createElement('canvas');
  paint(canvas, toImageData(tileImages(images, { columns })));
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('This browser makes no PNG of pictures this large.');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser takes it up in its own time.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
