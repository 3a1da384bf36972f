/** docs/config.md and docs/config.schema.json, made from the schemas of a configuration. */
import { PRESETS, type PresetName } from '@ganport/model';
import * as z from 'zod';
import { overridesSchema, resolveConfig } from '../src/config.ts';
import { SOURCES } from '../src/data/source-name.ts';
import { LOSS_ALIASES, LOSSES } from '../src/recipe/losses.ts';

type Schema = z.core.JSONSchema.JSONSchema;

/** A setting by its path, such as "adam.beta1". */
export interface Field {
  path: string;
  takes: string;
  meaning: string | undefined;
}

/** What editors complete and check a configuration file by. */
export function configJsonSchema(): Schema {
  const schema = z.toJSONSchema(overridesSchema, { io: 'input', target: 'draft-7', reused: 'ref' });
  const { data, loss } = schema.properties as Record<string, Schema>;
  // What `resolveConfig` writes out before it reads the rest.
  const path = `^(${SOURCES.join('|')}):.`;
  data!.anyOf = [
    { type: 'string', enum: data!.enum! },
    { type: 'string', pattern: path },
  ];
  delete data!.enum;
  delete data!.type;
  loss!.enum = [...Object.keys(LOSSES), ...Object.keys(LOSS_ALIASES)];
  return schema;
}

/** All settings, in the schema's order after those that say what the file is. */
export function fields(): Field[] {
  const schema = z.toJSONSchema(overridesSchema, { io: 'input', reused: 'inline' });
  const { preset, $schema, ...rest } = schema.properties as Record<string, Schema>;
  return Object.entries({ preset: preset!, $schema: $schema!, ...rest }).flatMap(([name, one]) =>
    within(name, one),
  );
}

function within(path: string, schema: Schema): Field[] {
  const inner = propertiesOf(schema);
  if (!inner || schema.description) {
    const rest = path === 'generator' && inner ? networkFields(inner) : [];
    const { description, default: ifNone } = schema;
    const meaning =
      ifNone === undefined ? description : `${description}; ${code(ifNone)} by default`;
    return [{ path, takes: takes(schema), meaning }, ...rest];
  }
  return inner.flatMap(([name, one]) => within(`${path}.${name}`, one));
}

/** Those of both networks. Layers are listed in packages/model/README.md. */
function networkFields(inner: [string, Schema][]): Field[] {
  return inner.flatMap(([name, one]) => within(`generator.${name}`, one));
}

/** Of an object, or of all the objects that it may be: a property of several has the values of each. */
function propertiesOf({ properties, oneOf = [] }: Schema): [string, Schema][] | undefined {
  if (properties) return Object.entries(properties) as [string, Schema][];
  const each = oneOf.flatMap((one) => propertiesOf(one as Schema) ?? []);
  if (each.length === 0) return undefined;
  const merged = new Map<string, Schema>();
  for (const [name, schema] of each) {
    const before = merged.get(name);
    const values = [...(before?.enum ?? []), ...(schema.const === undefined ? [] : [schema.const])];
    merged.set(name, { ...before, ...schema, ...(values.length > 0 && { enum: values }) });
  }
  return [...merged];
}

const MANY = 2 ** 53 - 1;

/** What a value must be, in words. */
function takes(schema: Schema): string {
  const { type, minimum, maximum, minItems, maxItems } = schema;
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.const !== undefined) return code(schema.const);
  const several = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined;
  if (several) {
    return several.map(takes).join(several.every((one) => 'const' in one) ? ', ' : ', or ');
  }
  if (type === 'integer' || type === 'number') {
    const upper = maximum === MANY ? ' on' : ` to ${maximum}`;
    return `a ${type === 'integer' ? 'whole ' : ''}number from ${minimum}${upper}`;
  }
  if (type === 'boolean') return '`true`, `false`';
  if (type === 'string') return schema.pattern ? `a text like \`${schema.pattern}\`` : 'a text';
  if (type === 'array') {
    const items = schema.items as Schema;
    const choices = items.enum ? ` of ${takes(items)}` : '';
    return `a list${maxItems && !choices ? ` of ${minItems ?? 0} to ${maxItems}` : ''}${choices}`;
  }
  const keys = (schema.propertyNames as Schema | undefined)?.enum;
  const value = schema.additionalProperties as Schema | undefined;
  if (keys && value) return `an object: ${keys.map(code).join(', ')}, each ${takes(value)}`;
  const shape = Object.entries(schema.properties ?? {});
  return `an object${shape.length > 0 ? ` of ${shape.map(([name]) => code(name)).join(', ')}` : ''}`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value).replace(/^"([\w$-]+)"$/, '$1')}\``;
}

const INTRODUCTION = `# Configuration

What \`ganport train --config FILE\` reads, and \`resolveConfig\` of [@ganport/train](../packages/train): a JSON object of the settings
below, every one of which may be left out. The preset gives the rest, and flags are laid over the file. For example:
[settings.json](../examples/settings.json), [small.json](../examples/small.json). Editors complete and check a file whose
\`"$schema"\` is the path of [config.schema.json](config.schema.json).

Made from the schemas by \`npx -y pnpm@12 vitest run packages/train/test/config-reference -u\`; a test holds it to them.
`;

const NETWORKS = `The discriminator takes the same as the generator. Layers and their options: [packages/model](../packages/model/README.md#layers).
An object of \`from\`, \`to\`, \`steps\` and \`shape\` (\`linear\` or \`cosine\`) is a number that changes: \`from\` at the first step,
\`to\` after so many.
`;

const PRESETS_TEXT = `## What presets say

A loss that is asked for brings what its paper trains it with, over these: [methods.md](methods.md#losses). Settings that are not
here have no default, or that which their meaning tells.
`;

/** The page, in Markdown. */
export function configPage(): string {
  const rows = fields().map(({ path, takes, meaning = '' }) => [`\`${path}\``, takes, meaning]);
  const settings = table([['setting', 'takes', 'meaning'], ...rows]);
  return [INTRODUCTION, `## Settings\n\n${settings}`, NETWORKS, PRESETS_TEXT, presetTable()].join(
    '\n',
  );
}

/** What each preset gives, where it is no network and no name. */
function presetTable(): string {
  const presets = Object.keys(PRESETS) as PresetName[];
  const given = presets.map((preset) => {
    const {
      generator: _,
      discriminator: __,
      name: ___,
      ...rest
    } = resolveConfig([['', { preset }]]);
    return flat(rest);
  });
  const paths = [...new Set(given.flatMap((each) => Object.keys(each)))];
  const rows = paths.map((path) => [`\`${path}\``, ...given.map((each) => each[path] ?? '')]);
  return table([['', ...presets.map(code)], ...rows]);
}

function flat(settings: object, prefix = ''): Record<string, string> {
  const entries = Object.entries(settings).map(([name, value]) => {
    const isOne = Array.isArray(value) || name === 'penalties' || Object.hasOwn(value, 'from');
    const isGroup = typeof value === 'object' && !isOne;
    const path = `${prefix}${name}`;
    return isGroup ? flat(value, `${path}.`) : { [path]: code(value) };
  });
  return Object.assign({}, ...entries);
}

function table([header, ...rows]: string[][]): string {
  const line = (cells: string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(header!), line(header!.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
