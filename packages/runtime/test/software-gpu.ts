/** WebGPU without a GPU: Chromium's SwiftShader as the Vulkan driver. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** As Debian's package of Chromium installs it. */
const DRIVER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Makes WebGPU run on SwiftShader: called before the process opens its first program on it.
 * @returns why it cannot; undefined where it can
 */
export function useSoftwareGpu(): string | undefined {
  if (!existsSync(DRIVER)) {
    const why = `${DRIVER} does not exist: install Chromium`;
    if (process.env.CI) throw new Error(`${why}, and CI is set`);
    return why;
  }
  // Read by the Vulkan loader when the first session is created.
  process.env.VK_ICD_FILENAMES = DRIVER;
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  return undefined;
}
