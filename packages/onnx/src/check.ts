/** The structural rules of ONNX's IR.md for a whole model: what needs no knowledge of operators. */
import { checkFunctions } from './check-function.ts';
import { checkGraph } from './check-graph.ts';
import type { Note } from './check-value.ts';
import { importedDomains } from './domains.ts';
import { OnnxError } from './error.ts';
import type { ModelProto, StringStringEntryProto } from './proto.ts';
import { printableMessage } from './text.ts';

/** 14 is ONNX 1.23's, the newest that is known here. */
const IR_VERSIONS = { min: 1n, max: 14n } as const;

/** IR version 3 brought operator sets, 8 functions. */
const OPERATOR_SETS = 3n;
const FUNCTIONS = 8n;

/** Notes before the rest are only counted: a file can have any number. */
const MAX_NOTES = 20;

/**
 * Checks a model against the structural rules of
 * https://github.com/onnx/onnx/blob/main/docs/IR.md: versions and imports, every value defined
 * once and before its use, attributes and tensors whole. Operators' signatures, inferred shapes,
 * training_info and files of external data are not looked at. What ONNX's own checker and onnxruntime
 * both accept, it accepts; docs/onnx-checker.md lists where it and ONNX's checker differ.
 * @returns what is unusual, and yet has one meaning: a line each, printable, 21 at most
 * @throws OnnxError that names the graph, the node and the problem.
 */
export function checkModel(model: ModelProto): string[] {
  const { irVersion, graph, functions } = model;
  if (irVersion === undefined || irVersion < IR_VERSIONS.min || irVersion > IR_VERSIONS.max) {
    throw new OnnxError(
      `the model has IR version ${irVersion ?? 'unset'}, ` +
        `expected ${IR_VERSIONS.min} to ${IR_VERSIONS.max}`,
    );
  }
  if (!graph) throw new OnnxError('the model has no graph');
  const { notes, note } = collectNotes();
  checkKeys(model.metadataProps, 'the model');
  const domains = modelDomains(model, irVersion, note);
  checkGraph(graph, { irVersion, domains, note }, 'graph');
  if (irVersion >= FUNCTIONS) checkFunctions(functions, irVersion, note);
  else if (functions.length > 0)
    note(`functions need IR version ${FUNCTIONS}: they are not looked at`);
  return notes();
}

function collectNotes(): { note: Note; notes: () => string[] } {
  const first: string[] = [];
  let more = 0;
  const note = (text: string) => {
    if (first.length < MAX_NOTES) first.push(printableMessage(text));
    else more += 1;
  };
  return { note, notes: () => (more > 0 ? [...first, `and ${more} more such notes`] : first) };
}

function checkKeys(entries: readonly StringStringEntryProto[], where: string): void {
  const keys = new Set<string>();
  for (const { key = '' } of entries) {
    if (keys.has(key)) throw new OnnxError(`${where} has the metadata key "${key}" twice`);
    keys.add(key);
  }
}

/** Before IR version 3 there was one operator set, version 1. */
function modelDomains(
  { opsetImport }: ModelProto,
  irVersion: bigint,
  note: Note,
): ReadonlyMap<string, bigint> {
  if (irVersion < OPERATOR_SETS) {
    if (opsetImport.length === 0) return new Map([['', 1n]]);
    throw new OnnxError(`the model imports operator sets, which IR version ${irVersion} has not`);
  }
  if (opsetImport.length === 0) throw new OnnxError('the model imports no operator set');
  return importedDomains(opsetImport, note, 'the model');
}
