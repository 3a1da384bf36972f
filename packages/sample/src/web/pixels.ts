/** Levels as canvases have them: red, green, blue and opacity of each pixel. */
import { type Images, tileImages } from '@ganport/model';

/** [count, H, W, 4]. Grey is three equal channels. */
export function rgbaOf({ channels, data }: Images): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray((data.length / channels) * 4);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < data.length; from += channels, to += 4) {
    rgba[to] = data[from]!;
    rgba[to + 1] = data[from + green]!;
    rgba[to + 2] = data[from + blue]!;
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** All pictures as one, `columns` to a row: as many as make it about square unless given. */
export function gridOf(
  images: Images,
  columns = Math.ceil(Math.sqrt(images.count)),
): { width: number; height: number; rgba: Uint8ClampedArray<ArrayBuffer> } {
  const grid = tileImages(images, { columns });
  const { width, height } = grid;
  const rgba = rgbaOf(grid);
  const left = (images.count % Math.min(columns, images.count)) * images.width;
  // Cells that are left over let the page through.
  for (let y = height - images.height; left > 0 && y < height; y += 1) {
    rgba.fill(0, (y * width + left) * 4, (y + 1) * width * 4);
  }
  return { width, height, rgba };
}
