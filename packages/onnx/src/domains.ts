/** Domains of operators, and the versions of them that a model or a function imports. */
import type { Note } from './check-value.ts';
import { OnnxError } from './error.ts';
import type { OperatorSetIdProto } from './proto.ts';

/** The default domain has two names. */
export function normalDomain(domain: string | undefined): string {
  return domain === undefined || domain === 'ai.onnx' ? '' : domain;
}

/**
 * The version of each domain: where it is imported twice, the highest binds (onnx.proto, opset_import).
 * @throws OnnxError if a version is no 32-bit number, as which checkers and runtimes read it
 */
export function importedDomains(
  imports: readonly OperatorSetIdProto[],
  note: Note,
  where: string,
): ReadonlyMap<string, bigint> {
  const domains = new Map<string, bigint>();
  for (const { domain, version = 0n } of imports) {
    const name = normalDomain(domain);
    if (version !== BigInt.asIntN(32, version)) {
      throw new OnnxError(`${where} imports version ${version} of the domain "${name}": too large`);
    }
    const other = domains.get(name);
    if (other !== undefined) {
      note(
        `${where} imports the domain "${name}" twice, ${other} and ${version}: the highest binds`,
      );
    } else if (version < 1n) note(`${where} imports version ${version} of the domain "${name}"`);
    domains.set(name, other !== undefined && other > version ? other : version);
  }
  return domains;
}
