/** What the page shows: two grids of pictures, how they were drawn, and one status line. */
import type { Images } from '@ganport/model';

function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export const form = byId<HTMLFormElement>('form');
export const seedField = byId<HTMLInputElement>('seed');
export const nextButton = byId<HTMLButtonElement>('next');

export function showStatus(text: string): void {
  const status = byId('status');
  status.textContent = text;
  status.classList.remove('wrong');
}

export function showError(error: unknown): void {
  const status = byId('status');
  status.textContent = error instanceof Error ? error.message : String(error);
  status.classList.add('wrong');
}

export function showHow(panel: 'server' | 'page', text: string): void {
  byId(`${panel}-how`).textContent = text;
}

export function showAbout(text: string): void {
  byId('about').textContent = text;
}

/** Fills both grids with empty cells of the pictures' shape. */
export function makeCells(count: number, width: number, height: number): void {
  for (const panel of ['server', 'page'] as const) {
    const grid = byId(`${panel}-grid`);
    grid.style.setProperty('--aspect', `${width} / ${height}`);
    grid.replaceChildren(
      ...Array.from({ length: count }, () => {
        const cell = document.createElement(panel === 'server' ? 'img' : 'canvas');
        cell.width = width;
        cell.height = height;
        if (cell instanceof HTMLImageElement) cell.alt = '';
        return cell;
      }),
    );
  }
}

/** Shows the server's pictures, and gives their pixels as RGBA. */
export async function showServerPictures(urls: string[], label: string): Promise<ImageData[]> {
  const grid = byId('server-grid');
  grid.ariaLabel = `${label}, drawn by the server`;
  const images = [...grid.querySelectorAll('img')];
  return Promise.all(
    images.map(async (image, i) => {
      image.src = urls[i]!;
      await image.decode().catch(() => {
        throw new Error(`the server did not send ${urls[i]}`);
      });
      const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
      const context = canvas.getContext('2d')!;
      context.drawImage(image, 0, 0);
      return context.getImageData(0, 0, canvas.width, canvas.height);
    }),
  );
}

/** Shows the page's own pictures, pixel for pixel. */
export function showPagePictures(images: Images, label: string): ImageData[] {
  const grid = byId('page-grid');
  grid.ariaLabel = `${label}, drawn in this page`;
  const pictures = Array.from({ length: images.count }, (_, i) => toImageData(images, i));
  grid.querySelectorAll('canvas').forEach((canvas, i) => {
    canvas.getContext('2d')!.putImageData(pictures[i]!, 0, 0);
  });
  return pictures;
}

function toImageData({ height, width, channels, data }: Images, index: number): ImageData {
  const picture = new ImageData(width, height);
  const first = index * height * width * channels;
  for (let pixel = 0; pixel < height * width; pixel += 1) {
    for (let channel = 0; channel < 3; channel += 1) {
      // Grey is three equal channels.
      const from = first + pixel * channels + (channel % channels);
      picture.data[pixel * 4 + channel] = data[from]!;
    }
    picture.data[pixel * 4 + 3] = 255;
  }
  return picture;
}

/** The largest difference of any level of any picture. */
export function largestDifference(a: readonly ImageData[], b: readonly ImageData[]): number {
  let most = 0;
  a.forEach(({ data }, i) => {
    const other = b[i]!.data;
    data.forEach((level, j) => {
      most = Math.max(most, Math.abs(level - other[j]!));
    });
  });
  return most;
}
