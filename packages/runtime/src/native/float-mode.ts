/**
 * Where a thread's floating-point environment says that denormals are zero: bits of a 32-bit word of
 * fenv_t, which fegetenv() and fesetenv() of a C library read and write. On x64 the word is MXCSR, and the bits
 * are "denormals are zero" and "flush to zero"; on arm64 FPCR, with "flush to zero" alone.
 */
interface FloatMode {
  library: string;
  offset: number;
  bits: number;
}

const FLOAT_MODES: Readonly<Record<string, FloatMode>> = {
  'linux-x64': { library: 'libm.so.6', offset: 28, bits: 0x8040 },
  'linux-arm64': { library: 'libm.so.6', offset: 0, bits: 1 << 24 },
  'darwin-x64': { library: '/usr/lib/libSystem.B.dylib', offset: 4, bits: 0x8040 },
  'darwin-arm64': { library: '/usr/lib/libSystem.B.dylib', offset: 8, bits: 1 << 24 },
};

/** Of this machine; undefined on Windows, which has a function for it. */
export const floatMode = FLOAT_MODES[`${process.platform}-${process.arch}`];

/**
 * In plain JavaScript, as a string, for threads that are made of one: of `koffi` and `floatMode`, a function that has the
 * thread's denormals be zeros, or numbers again.
 */
export const DENORMALS = `
(koffi, floatMode) => {
  if (!floatMode) {
    // _DN_FLUSH and _DN_SAVE under _MCW_DN, of float.h.
    const control = koffi.load('ucrtbase.dll').func('uint32 _controlfp(uint32 bits, uint32 mask)');
    return (zeros) => control(zeros ? 0x1000000 : 0, 0x3000000);
  }
  const { library, offset, bits } = floatMode;
  const libm = koffi.load(library);
  const usual = Buffer.alloc(64);
  libm.func('int fegetenv(void *environment)')(usual);
  const flushing = Buffer.from(usual);
  flushing.writeUInt32LE((flushing.readUInt32LE(offset) | bits) >>> 0, offset);
  const set = libm.func('int fesetenv(const void *environment)');
  return (zeros) => set(zeros ? flushing : usual);
}
`;
