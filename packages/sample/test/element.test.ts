/** <gan-image> where there is no page. */
import { expect, test } from 'vitest';

test('the element is imported on a server, and defines nothing there', async () => {
  expect('HTMLElement' in globalThis).toBe(false);
  const { GanImage } = await import('../src/define.ts');
  expect(GanImage.observedAttributes).toContain('src');
  const { GanImage: again, loadGenerator } = await import('../src/page/module.ts');
  expect(again.load).toBe(loadGenerator);
});
