/** SHA-256, hexadecimal. Undefined in a page that came over plain HTTP from another machine: there is no Web Crypto there. */
export async function sha256(bytes: Uint8Array): Promise<string | undefined> {
  const { crypto } = globalThis;
  // Undefined outside a secure context, whatever its type says.
  const subtle: typeof crypto.subtle | undefined = crypto.subtle;
  if (!subtle) return undefined;
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
