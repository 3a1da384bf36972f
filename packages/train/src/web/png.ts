import type { EncodePng } from '../evaluate/samples.ts';

/** By the browser, in a page or a worker of one. */
export const encodePngInPage: EncodePng = async ({ height, width, channels, data }, times) => {
  const image = new ImageData(width * times, height * times);
  const pixels = image.data;
  for (let y = 0, at = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++, at += 4) {
      const from = (Math.floor(y / times) * width + Math.floor(x / times)) * channels;
      for (let k = 0; k < 3; k++) pixels[at + k] = data[from + (channels === 3 ? k : 0)]!;
      pixels[at + 3] = 255;
    }
  }
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  const png = await canvas.convertToBlob({ type: 'image/png' });
  return new Uint8Array(await png.arrayBuffer());
};
