/** Pictures that are drawn by hand, white on black, 28 × 28 as the digits are. */
import type { GivenData } from '@ganport/train/web';

const SIZE = 28;
/** Pixels of the sheet to one of a picture. */
const SCALE = 10;
const PEN = 2.6 * SCALE;
/** Of the keyboard's pen. */
const MOVE = SCALE;
/** Each drawing is used at so many places: as far from its own in each direction. */
const SHIFTS = [-2, -1, 0, 1, 2];

export interface Drawings {
  /** What was kept, each at several places. */
  given(): GivenData;
  readonly count: number;
}

type Point = readonly [x: number, y: number];

/** @param onKept told how many drawings there are */
export function drawings(
  canvas: HTMLCanvasElement,
  {
    add,
    clear,
    list,
    onKept,
  }: {
    add: HTMLButtonElement;
    clear: HTMLButtonElement;
    list: HTMLElement;
    onKept(count: number): void;
  },
): Drawings {
  const kept: Uint8Array[] = [];
  const sheet = canvas.getContext('2d')!;
  sheet.lineCap = 'round';
  sheet.lineWidth = PEN;
  sheet.strokeStyle = '#fff';
  let pen: Point | undefined;
  let hand: Point = [canvas.width / 2, canvas.height / 2];
  let empty = true;

  const lineTo = (to: Point) => {
    sheet.beginPath();
    sheet.moveTo(...(pen ?? to));
    sheet.lineTo(...to);
    sheet.stroke();
    [pen, empty] = [to, false];
    canvas.setAttribute('aria-label', 'Sheet to draw on: something is drawn');
  };
  const wipe = () => {
    sheet.clearRect(0, 0, canvas.width, canvas.height);
    [pen, empty] = [undefined, true];
    canvas.setAttribute('aria-label', 'Sheet to draw on: empty');
  };
  const pointOf = ({ offsetX, offsetY }: PointerEvent): Point => {
    const times = canvas.width / canvas.clientWidth;
    return [offsetX * times, offsetY * times];
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    pen = undefined;
    lineTo(pointOf(event));
  });
  canvas.addEventListener('pointermove', (event) => {
    if (pen && event.buttons > 0) lineTo(pointOf(event));
  });
  canvas.addEventListener('pointerup', () => {
    pen = undefined;
  });
  canvas.addEventListener('keydown', (event) => {
    const moves: Record<string, Point> = {
      ArrowLeft: [-MOVE, 0],
      ArrowRight: [MOVE, 0],
      ArrowUp: [0, -MOVE],
      ArrowDown: [0, MOVE],
    };
    const move = moves[event.key];
    if (!move && event.key !== ' ') return;
    event.preventDefault();
    if (move) {
      const within = (at: number) => Math.min(canvas.width - MOVE, Math.max(MOVE, at));
      hand = [within(hand[0] + move[0]), within(hand[1] + move[1])];
      if (pen) lineTo(hand);
    } else if (pen) pen = undefined;
    else lineTo(hand);
  });
  clear.addEventListener('click', wipe);
  add.addEventListener('click', () => {
    if (empty) return;
    const { small, pixels } = shrink(canvas);
    kept.push(pixels);
    list.append(small);
    wipe();
    onKept(kept.length);
  });
  return {
    given: () => {
      const images = kept.flatMap((pixels) =>
        SHIFTS.flatMap((dx) => SHIFTS.map((dy) => shifted(pixels, dx, dy))),
      );
      const all = new Uint8Array(images.length * SIZE * SIZE);
      images.forEach((image, i) => {
        all.set(image, i * SIZE * SIZE);
      });
      const size = { height: SIZE, width: SIZE, channels: 1 } as const;
      return { source: 'images', images: { name: 'drawings', ...size, images: all } };
    },
    get count() {
      return kept.length;
    },
  };
}

/** The sheet as a picture. */
function shrink(canvas: HTMLCanvasElement): { small: HTMLCanvasElement; pixels: Uint8Array } {
  const small = document.createElement('canvas');
  [small.width, small.height] = [SIZE, SIZE];
  const context = small.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.fillRect(0, 0, SIZE, SIZE);
  context.drawImage(canvas, 0, 0, SIZE, SIZE);
  const { data } = context.getImageData(0, 0, SIZE, SIZE);
  return { small, pixels: Uint8Array.from({ length: SIZE * SIZE }, (_, i) => data[4 * i]!) };
}

function shifted(pixels: Uint8Array, dx: number, dy: number): Uint8Array {
  const image = new Uint8Array(pixels.length);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      const [fromX, fromY] = [x - dx, y - dy];
      const inside = fromX >= 0 && fromX < SIZE && fromY >= 0 && fromY < SIZE;
      if (inside) image[y * SIZE + x] = pixels[fromY * SIZE + fromX]!;
    }
  }
  return image;
}
