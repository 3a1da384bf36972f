/**
 * Handwriting-like digits drawn by code, in MNIST's form: white on black, the longer side of the ink
 * 20 of 28 pixels, its centre of mass in the middle. Only operations that IEEE 754 rounds exactly
 * (+ − × ÷ sqrt), so that a seed gives the same bytes on every machine.
 */
import { type Random, randomSequence, STREAM } from '@ganport/model';
import type { MemoryImages } from './images.ts';

/** One fixed data set, whatever a run's seed is. */
const GLYPHS_SEED = 0;

const SIZE = 28;
/** Longer side of the ink, pixels. */
const BOX = 20;
/** Straight pieces a curve between two knots is drawn with. */
const PIECES = 6;
/** Width of the ramp from ink to paper at a stroke's edge, pixels. */
const EDGE = 1.5;

interface Knot {
  x: number;
  y: number;
  /** The pen changes direction here at once. */
  corner: boolean;
}

/** A stroke's course, pen down to pen up. */
type Stroke = readonly Knot[];

/** A straight piece of a stroke; x to the right, y down. */
interface Segment {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
  /** Pen pressure, about 1. */
  pressure: number;
}

/**
 * Ways to write each digit: strokes between semicolons, each a list of knots "x,y" in per cent of a
 * square, y down, a corner marked "!".
 */
const DIGITS: readonly (readonly Stroke[])[][] = [
  [
    '54,2 28,11 16,48 26,88 50,98 76,86 84,48 74,12 50,2 32,9',
    '66,8 40,4 18,30 16,70 38,98 66,88 84,54 78,20 58,6 38,5',
  ],
  ['50,0 50,50 50,100', '32,20 44,12 54,0! 52,50 50,100'],
  [
    '16,24 30,6 56,2 76,20 68,46 42,74 12,97! 48,95 86,96',
    '16,22 34,3 64,5 74,28 58,60 30,90 14,92 14,76 32,76 60,92 88,94',
  ],
  [
    '18,14 42,1 70,10 70,34 42,47! 72,56 80,80 52,99 14,90',
    '18,4 46,5 76,3! 58,24 42,42! 72,52 80,78 52,99 14,90',
  ],
  [
    '24,4 18,34 16,58! 48,58 84,54;72,2 68,50 64,100',
    '66,0 40,30 10,64! 48,65 90,62;66,0 65,50 62,100',
  ],
  [
    '80,3 54,4 30,4! 26,24 22,44! 50,38 76,54 76,82 48,99 14,90',
    '28,4 26,24 22,46! 48,38 76,52 78,80 48,99 16,92;28,5 54,5 84,0',
  ],
  [
    '66,1 40,20 22,50 22,84 46,99 72,86 74,62 50,54 26,70',
    '56,0 38,24 26,58 30,90 52,99 74,84 68,64 46,62 30,80',
  ],
  [
    '14,7 48,7 82,4! 66,34 52,66 42,100',
    '14,18 16,5! 48,6 82,4! 66,34 52,66 42,100',
    '14,7 48,7 82,4! 66,34 52,66 42,100;34,52 54,50 76,50',
  ],
  [
    '74,14 50,1 28,16 38,40 62,56 76,78 52,99 26,82 36,60 62,42 75,22 68,8',
    '54,1 29,11 30,36 50,47 70,36 71,14 50,2 34,8;50,47 26,60 24,86 50,99 76,86 74,60 48,47',
  ],
  [
    '74,20 54,2 28,16 26,42 48,52 70,38 75,14! 74,56 66,100',
    '72,18 50,2 26,18 28,44 50,50 70,34 74,14! 76,56 66,88 32,97',
  ],
].map((ways) => ways.map(parseStrokes));

/**
 * Draws a data set of `count` digits, image i a function of the seed and i alone, its label i mod 10.
 * @returns images [count, 28, 28, 1]
 * @throws ModelError unless `seed` is an integer, 0 ≤ seed < 2^53
 */
export function glyphImages({
  count = 10_000,
  seed = GLYPHS_SEED,
}: {
  count?: number;
  seed?: number;
} = {}): Required<MemoryImages> {
  const images = new Uint8Array(count * SIZE * SIZE);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % DIGITS.length);
  labels.forEach((label, i) => {
    const random = randomSequence(seed, STREAM.glyphs, i);
    const ways = DIGITS[label]!;
    const strokes = ways[random.below(ways.length)]!;
    const segments = bend(
      strokes.flatMap((stroke) => trace(stroke, random)),
      random,
    );
    const radius = 1.25 + 0.35 * spread(random);
    const image = images.subarray(i * SIZE * SIZE, (i + 1) * SIZE * SIZE);
    for (const segment of fit(segments, radius)) ink(image, segment, radius);
  });
  return {
    name: 'glyphs',
    height: SIZE,
    width: SIZE,
    channels: 1,
    images,
    labels,
    classes: DIGITS.map((_, digit) => String(digit)),
  };
}

function parseStrokes(text: string): Stroke[] {
  return text.split(';').map((stroke) =>
    stroke.split(' ').map((knot) => {
      const [x, y] = knot.replace('!', '').split(',');
      return { x: Number(x) / 50 - 1, y: Number(y) / 50 - 1, corner: knot.endsWith('!') };
    }),
  );
}

/** Triangular on (−1, 1): most often near 0, never far out. */
function spread(random: Random): number {
  return random.uniform() + random.uniform() - 1;
}

/**
 * A stroke's knots, each a little off its place, joined by cardinal splines (Catmull and Rom, "A
 * class of local interpolating splines", 1974).
 */
function trace(stroke: Stroke, random: Random): Segment[] {
  const knots = stroke.map(({ x, y, corner }) => {
    return { x: x + 0.09 * spread(random), y: y + 0.09 * spread(random), corner };
  });
  const rise = 0.15 * spread(random);
  const segments: Segment[] = [];
  let { x: x0, y: y0 } = knots[0]!;
  for (let k = 0; k + 1 < knots.length; k += 1) {
    const from = knots[k]!;
    const to = knots[k + 1]!;
    const before = from.corner ? from : (knots[k - 1] ?? from);
    const after = to.corner ? to : (knots[k + 2] ?? to);
    for (let piece = 1; piece <= PIECES; piece += 1) {
      const t = piece / PIECES;
      const x1 = spline(before.x, from.x, to.x, after.x, t);
      const y1 = spline(before.y, from.y, to.y, after.y, t);
      const pressure = 1 + rise * ((2 * (k + t)) / (knots.length - 1) - 1);
      segments.push({ x0, y0, x1, y1, pressure });
      x0 = x1;
      y0 = y1;
    }
  }
  return segments;
}

/** From `b` at t = 0 to `c` at t = 1, with slopes (c − a)/2 and (d − b)/2. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  const cubic = 3 * (b - c) + d - a;
  const square = 2 * a - 5 * b + 4 * c - d;
  return b + (t / 2) * (c - a + t * (square + t * cubic));
}

/** Gives the whole digit a hand: proportions, slant, and a slight turn. */
function bend(segments: readonly Segment[], random: Random): Segment[] {
  const waist = 0.1 * spread(random);
  const bow = 0.08 * spread(random);
  const flare = 0.12 * spread(random);
  const width = 0.95 + 0.2 * spread(random);
  const slant = 0.12 + 0.32 * spread(random);
  // A rotation by 2 atan(half), without a sine.
  const half = 0.05 * spread(random);
  const cosine = (1 - half * half) / (1 + half * half);
  const sine = (2 * half) / (1 + half * half);
  const move = (x: number, y: number): [number, number] => {
    const v = y + waist * (1 - y * y);
    const u = width * x * (1 + flare * y) + bow * y * y - slant * v;
    return [cosine * u - sine * v, sine * u + cosine * v];
  };
  return segments.map(({ x0, y0, x1, y1, pressure }) => {
    const [u0, v0] = move(x0, y0);
    const [u1, v1] = move(x1, y1);
    return { x0: u0, y0: v0, x1: u1, y1: v1, pressure };
  });
}

/** Scales to the box with the pen's width counted in, and puts the centre of mass in the middle. */
function fit(segments: readonly Segment[], radius: number): Segment[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  let [mass, massX, massY] = [0, 0, 0];
  for (const { x0, y0, x1, y1, pressure } of segments) {
    left = Math.min(left, x0, x1);
    right = Math.max(right, x0, x1);
    top = Math.min(top, y0, y1);
    bottom = Math.max(bottom, y0, y1);
    const weight = pressure * Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
    mass += weight;
    massX += (weight * (x0 + x1)) / 2;
    massY += (weight * (y0 + y1)) / 2;
  }
  const scale = (BOX - 2 * radius) / Math.max(right - left, bottom - top);
  const shiftX = (SIZE - 1) / 2 - (scale * massX) / mass;
  const shiftY = (SIZE - 1) / 2 - (scale * massY) / mass;
  return segments.map(({ x0, y0, x1, y1, pressure }) => ({
    x0: scale * x0 + shiftX,
    y0: scale * y0 + shiftY,
    x1: scale * x1 + shiftX,
    y1: scale * y1 + shiftY,
    pressure,
  }));
}

/** Draws one segment on an image [28, 28] with a round pen; where strokes meet the darker ink wins. */
function ink(image: Uint8Array, { x0, y0, x1, y1, pressure }: Segment, radius: number): void {
  const reach = radius * pressure + EDGE / 2;
  const dx = x1 - x0;
  const dy = y1 - y0;
  const square = dx * dx + dy * dy;
  const firstX = Math.max(0, Math.ceil(Math.min(x0, x1) - reach));
  const lastX = Math.min(SIZE - 1, Math.floor(Math.max(x0, x1) + reach));
  const firstY = Math.max(0, Math.ceil(Math.min(y0, y1) - reach));
  const lastY = Math.min(SIZE - 1, Math.floor(Math.max(y0, y1) + reach));
  for (let y = firstY; y <= lastY; y += 1) {
    for (let x = firstX; x <= lastX; x += 1) {
      const along = square > 0 ? ((x - x0) * dx + (y - y0) * dy) / square : 0;
      const nearest = Math.min(1, Math.max(0, along));
      const offX = x - x0 - nearest * dx;
      const offY = y - y0 - nearest * dy;
      const cover = Math.min(1, (reach - Math.sqrt(offX * offX + offY * offY)) / EDGE);
      const value = Math.round(255 * Math.max(0, cover));
      const at = y * SIZE + x;
      if (value > image[at]!) image[at] = value;
    }
  }
}
