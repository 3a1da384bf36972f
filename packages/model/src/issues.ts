/** What a schema expects of a value that does not fit it, in ganport's words. */
import type * as z from 'zod';
import { quote } from './quote.ts';
import { suggestion } from './suggestion.ts';

type Issue = z.core.$ZodRawIssue;
type Schema = z.core.$ZodType | z.core.$ZodCheck | undefined;

/** For zod's `error`: "expected …", or "takes no …" for keys that are not known. */
export function explainIssue(issue: Issue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return unknownKeys(issue.keys, keysOf(issue.inst));
    case 'invalid_key':
      return issue.issues[0]?.message ?? 'expected another name';
    case 'invalid_value':
      return `expected ${choices(issue.values)}`;
    case 'invalid_union':
      return issue.inclusive === false ? 'expected one kind of value' : explainUnion(issue);
    case 'invalid_format':
      return `expected ${issue.format === 'regex' ? `a text like ${issue.pattern}` : issue.format}`;
    case 'invalid_type':
      return `expected ${describe(issue.expected, issue.inst)}`;
    case 'too_small':
    case 'too_big':
      return `expected ${describe(issue.origin, issue.schema ?? issue.inst)}`;
    default:
      return 'expected another value';
  }
}

/** @param known what there is, of which one may be meant */
export function unknownKeys(keys: readonly string[], known: readonly string[]): string {
  const meant = keys.map((key) => suggestion(key, known));
  const remedy = meant.every((key) => key !== undefined)
    ? `; did you mean ${meant.map(quote).join(', ')}?`
    : known.length > 0
      ? `; it takes ${known.join(', ')}`
      : '';
  return `takes no ${keys.slice(0, MAX_KEYS).map(quote).join(', ')}${remedy}`;
}

/** A hostile file can have any number. */
const MAX_KEYS = 5;

/** Keys that an object, or a record of certain names, may have. */
function keysOf(schema: Schema): string[] {
  const def = (schema as z.core.$ZodType | undefined)?._zod.def as
    | { shape?: object; keyType?: z.core.$ZodType }
    | undefined;
  if (def?.shape) return Object.keys(def.shape);
  return [...(def?.keyType?._zod.values ?? [])].map(String);
}

function choices(values: readonly unknown[]): string {
  const quoted = values.map((value) => quote(typeof value === 'bigint' ? String(value) : value));
  return quoted.length > 1 ? `one of ${quoted.join(', ')}` : quoted.join();
}

function explainUnion({
  options,
  errors,
}: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion> & {
  options?: readonly unknown[];
}): string {
  if (options) return `expected ${choices(options)}`;
  const each = errors.map((issues) => issues[0]?.message.replace(/^expected /, ''));
  return `expected ${each.join(', or ')}`;
}

/** A kind of value, with its bounds. */
function describe(kind: string, schema: Schema): string {
  const checks = checksOf(schema);
  switch (kind) {
    case 'number':
    case 'int': {
      const whole = kind === 'int' || (schema as { isInt?: boolean } | undefined)?.isInt === true;
      return `a ${whole ? 'whole ' : ''}number${range(checks)}`;
    }
    case 'string':
      return `a text${sizes(checks, 'characters')}`;
    case 'array':
    case 'tuple':
      return `a list${sizes(checks, 'items')}`;
    case 'boolean':
      return 'true or false';
    case 'object':
    case 'record':
      return 'an object';
    default:
      return kind;
  }
}

/** Of zod's definitions of checks, what bounds are told by. */
interface Check {
  check: string;
  value?: number;
  inclusive?: boolean;
  minimum?: number;
  maximum?: number;
}

function checksOf(schema: Schema): Check[] {
  const def = schema?._zod.def as { checks?: z.core.$ZodCheck[] } | undefined;
  return (def?.checks ?? []).map(({ _zod }) => _zod.def as Check);
}

/** " from 1 to 9", " above 0 and of at most 1". */
function range(checks: readonly Check[]): string {
  // A later one narrows an earlier one.
  const lower = checks.findLast(({ check }) => check === 'greater_than');
  const upper = checks.findLast(({ check }) => check === 'less_than');
  if (lower?.inclusive && upper?.inclusive) return ` from ${lower.value} to ${upper.value}`;
  const bounds = [
    lower && `${lower.inclusive ? 'of at least' : 'above'} ${lower.value}`,
    upper && `${upper.inclusive ? 'of at most' : 'below'} ${upper.value}`,
  ].filter((bound) => bound !== undefined);
  return bounds.length > 0 ? ` ${bounds.join(' and ')}` : '';
}

/** " of 1 to 3 items". */
function sizes(checks: readonly Check[], what: string): string {
  const least = checks.find(({ check }) => check === 'min_length')?.minimum;
  const most = checks.find(({ check }) => check === 'max_length')?.maximum;
  if (least === undefined && most === undefined) return '';
  if (most === undefined)
    return ` of at least ${least} ${what.replace(/s$/, least === 1 ? '' : 's')}`;
  return ` of ${least ?? 0} to ${most} ${what}`;
}
