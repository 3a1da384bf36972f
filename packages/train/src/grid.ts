import sharp from 'sharp';

/** A PNG of images [count, H, W, C] in 0…255, `columns` to a row, one pixel apart on grey. */
export async function gridPng(
  images: Uint8Array,
  [height, width, channels]: readonly [number, number, number],
  columns: number,
): Promise<Buffer> {
  const count = images.length / (height * width * channels);
  const rows = Math.ceil(count / columns);
  const size = { width: columns * (width + 1) + 1, height: rows * (height + 1) + 1 };
  const grid = new Uint8Array(size.width * size.height * channels).fill(64);
  for (let i = 0; i < count; i++) {
    const left = 1 + (i % columns) * (width + 1);
    const top = 1 + Math.floor(i / columns) * (height + 1);
    for (let y = 0; y < height; y++) {
      const row = images.subarray(
        (i * height + y) * width * channels,
        (i * height + y + 1) * width * channels,
      );
      grid.set(row, ((top + y) * size.width + left) * channels);
    }
  }
  return sharp(grid, { raw: { ...size, channels: channels as 1 | 3 } })
    .png()
    .toBuffer();
}
