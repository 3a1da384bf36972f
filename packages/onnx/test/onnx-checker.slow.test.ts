/** What onnx.checker accepts is held against what we accept: docs/onnx-checker.md lists where they differ. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { checkModel } from '../src/check.ts';
import { decodeModel } from '../src/decode.ts';
import { encodeModel } from '../src/encode.ts';
import { OnnxError } from '../src/error.ts';
import { readBackendTests } from './backend-tests.ts';
import { caseFiles, EXTERNAL_DATA } from './cases.ts';
import { mutate, seeded } from './mutations.ts';
import { python, runChecker } from './onnx-checker.ts';

const SEED = 20_261_125;
const MUTATIONS = Number(process.env.ONNX_MUTATIONS ?? 2000);

/** Kinds of disagreement, by what the one that refuses says. The names are those of the table. */
const WE_ACCEPT: Record<string, RegExp> = {
  'operators’ signatures':
    /No Op registered|^Node ?(\(.*\))? ?with schema|(Unrecognized|Required) attribute|Mismatched attribute type|is marked single|has more (in|out)puts|deprecated|expected to have field|not compatible with the version/,
  'files of external data': /^Data of TensorProto .* should be stored in /s,
  'a node of the domain "ai.onnx"': /^No opset import for domain 'ai\.onnx'/,
};
const WE_REFUSE: Record<string, RegExp> = {
  'element types that there are not': /has element type/,
  'types that are not whole': /has no type$|does not say the type|opaque type without a name/,
  'more data than the shape holds': /bytes of raw data, expected|entries of \w+, expected/,
  'version 0 of ONNX’s own domains': /is of version -?\d+ of domain/,
  'references outside of a function': /refers to .* outside a function/s,
  'a stray tag in the last bytes': /field number 0|invalid wire type 4/,
};

/** In the table, as it stands in the file: kinds, and how often each was met. */
function readTable(): { version: string; counts: Record<string, number> } {
  const text = readFileSync(new URL('../../../docs/onnx-checker.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| ([^|]+?) \| (\d+) \|/gm)];
  return {
    version: /onnx (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? '',
    counts: Object.fromEntries(rows.map(([, kind, count]) => [kind!, Number(count)])),
  };
}

/** Why we refuse a file, if we do, and what encoding makes of it, if it can be read. */
function read(bytes: Uint8Array): { refusal: string | null; encoded: Uint8Array } {
  let encoded = new Uint8Array();
  try {
    const model = decodeModel(bytes);
    encoded = Uint8Array.from(encodeModel(model));
    checkModel(model);
    return { refusal: null, encoded };
  } catch (error) {
    if (error instanceof OnnxError) return { refusal: error.message, encoded };
    throw error;
  }
}

function kindOf(message: string, kinds: Record<string, RegExp>): string {
  const found = Object.entries(kinds).find(([, pattern]) => pattern.test(message));
  return found?.[0] ?? `unlisted: ${message}`;
}

async function onnxruntimeAccepts(bytes: Uint8Array): Promise<boolean> {
  try {
    await (await InferenceSession.create(bytes, { logSeverityLevel: 4 })).release();
    return true;
  } catch {
    return false;
  }
}

/** Verdicts of both, of files where external data are what the case needs. */
function compare(files: readonly Uint8Array[]) {
  const folder = mkdtempSync(join(tmpdir(), 'onnx-checker-'));
  try {
    writeFileSync(join(folder, 'generator.onnx.data'), EXTERNAL_DATA);
    const ours = files.map(read);
    const pairs = files.map((bytes, at) => [bytes, ours[at]!.encoded] as const);
    const { version, verdicts } = runChecker(pairs, folder);
    const all = files.map((bytes, at) => {
      const [theirs, same] = verdicts[at]!;
      return { bytes, ours: ours[at]!.refusal, theirs, same };
    });
    return {
      version,
      misread: all.filter(({ same }) => same === false).map(({ bytes }) => Buffer.from(bytes)),
      compared: all.filter(({ same }) => same !== null).length,
      differing: all.filter(({ ours, theirs }) => (ours === null) !== (theirs === null)),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const backend = readBackendTests();
const why = python
  ? backend
    ? ''
    : ' [skipped: no backend tests]'
  : ' [skipped: no Python with onnx, see CONTRIBUTING.md]';

test.skipIf(why)(`agrees with onnx.checker but for what is listed${why}`, async () => {
  const suite = [...backend!]
    .filter(([name]) => name.endsWith('/model.onnx'))
    .map(([, bytes]) => bytes);
  const random = seeded(SEED);
  const mutations = Array.from({ length: MUTATIONS }, () => {
    // There are a hundred times as many models in the suite.
    const sources = random(4) === 0 ? caseFiles : suite;
    return mutate(sources[random(sources.length)]!, random);
  });
  const files = [...suite, ...caseFiles, ...mutations];
  const { version, misread, compared, differing } = compare(files);
  expect(misread).toEqual([]);
  expect(compared).toBeGreaterThan(files.length / 2);
  const counts: Record<string, number> = {};
  // Nothing may be refused that both would take.
  const refusedAlone: string[] = [];
  for (const { bytes, ours, theirs } of differing) {
    const kind = ours === null ? kindOf(theirs!, WE_ACCEPT) : kindOf(ours, WE_REFUSE);
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (ours !== null && (await onnxruntimeAccepts(bytes))) refusedAlone.push(ours);
  }
  const table = readTable();
  expect(Object.keys(table.counts).sort()).toEqual(
    [...Object.keys(WE_ACCEPT), ...Object.keys(WE_REFUSE)].sort(),
  );
  expect(Object.keys(table.counts)).toEqual(expect.arrayContaining(Object.keys(counts)));
  if (version === table.version && MUTATIONS === 2000) {
    expect(refusedAlone).toEqual([]);
    const listed = Object.entries(table.counts).filter(([, count]) => count > 0);
    expect(counts).toEqual(Object.fromEntries(listed));
  } else {
    console.log(`onnx ${version}, ${MUTATIONS} mutations:`, counts, refusedAlone);
  }
});
