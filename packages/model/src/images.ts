/**
 * Images [N, C, H, W] in −1…1 to bytes [N, H, W, C], clipped and rounded as an exported generator
 * does it.
 * @param shape of one image: [channels, height, width]
 */
export function imageBytes(
  images: Float32Array,
  [channels, height, width]: readonly number[],
): Uint8Array {
  const [c, area] = [channels!, height! * width!];
  const bytes = new Uint8Array(images.length);
  for (let at = 0; at < images.length; at += c * area) {
    for (let channel = 0; channel < c; channel++) {
      for (let pixel = 0; pixel < area; pixel++) {
        const level = images[at + channel * area + pixel]! * 127.5 + 128;
        bytes[at + pixel * c + channel] = Math.min(Math.max(level, 0), 255);
      }
    }
  }
  return bytes;
}
