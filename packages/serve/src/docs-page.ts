/** An OpenAPI document as a page: its addresses, what they take and answer, and a form to try each. */

/** What is read of the document that `describeOperations` makes. */
export interface ApiDocument {
  info: { title: string; version: string; description: string };
  tags: readonly { name: string }[];
  paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  components: { schemas: Readonly<Record<string, ApiSchema>> };
}

interface ApiOperation {
  operationId: string;
  tags: readonly string[];
  summary: string;
  description?: string;
  parameters?: readonly ApiParameter[];
  requestBody?: { content: Readonly<Record<string, { schema: ApiSchema }>> };
  responses: Readonly<
    Record<string, { description: string; content?: Readonly<Record<string, unknown>> }>
  >;
}

interface ApiParameter {
  name: string;
  in: string;
  required: boolean;
  description?: string;
  example?: unknown;
  schema: ApiSchema;
}

interface ApiSchema {
  $ref?: string;
  type?: string;
  enum?: readonly unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  description?: string;
  examples?: readonly unknown[];
  items?: ApiSchema;
  anyOf?: readonly ApiSchema[];
  properties?: Readonly<Record<string, ApiSchema>>;
  required?: readonly string[];
}

export function renderDocument({ info, tags, paths, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const resolve = ({ $ref, ...schema }: ApiSchema): ApiSchema =>
    $ref === undefined ? schema : components.schemas[$ref.split('/').at(-1)!]!;
  const sections = tags.map(({ name }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    const rendered = own.map(({ path, method, operation }) =>
      renderOperation(path, method, operation, resolve),
    );
    return `<section aria-labelledby="tag-${name}"><h2 id="tag-${name}">${text(name)}</h2>${rendered.join('')}</section>`;
  });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${text(info.title)}: addresses</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="docs/style.css" />
    <script src="docs/try.js" type="module"></script>
  </head>
  <body>
    <header>
      <h1>${text(info.title)} ${text(info.version)}</h1>
      <p>${text(info.description)} For programs: <a href="openapi.json">openapi.json</a>.</p>
      <nav aria-label="Kinds of addresses"><ul>
        ${tags.map(({ name }) => `<li><a href="#tag-${name}">${text(name)}</a></li>`).join('')}
      </ul></nav>
      <div class="field">
        <label for="key">Key</label>
        <input id="key" type="password" autocomplete="off" aria-describedby="key-about" />
        <span class="about" id="key-about">Where the service asks for one; it is sent with each request that is tried here</span>
      </div>
    </header>
    <main>${sections.join('')}</main>
  </body>
</html>
`;
}

function renderOperation(
  path: string,
  method: string,
  operation: ApiOperation,
  resolve: (schema: ApiSchema) => ApiSchema,
): string {
  const { operationId: id, summary, description, parameters = [], requestBody } = operation;
  const given = requestBody && resolve(requestBody.content['application/json']!.schema);
  const fields = parameters.map((parameter) => renderParameter(id, parameter));
  const [example = {}] = given?.examples ?? [];
  const body = given
    ? `<div class="field"><label for="${id}-body">Body, JSON</label>
<textarea id="${id}-body" rows="6" spellcheck="false">${text(JSON.stringify(example, null, 2))}</textarea></div>`
    : '';
  const answers = Object.entries(operation.responses).map(
    ([status, { description, content = {} }]) =>
      `<tr><td>${status}</td><td>${text(description)}</td><td>${text(Object.keys(content).join(', '))}</td></tr>`,
  );
  const about = description === undefined ? '' : `<p>${text(description)}</p>`;
  const properties = given ? renderProperties(given, resolve) : '';
  return `<details class="operation" id="${id}">
<summary><span class="method">${method.toUpperCase()}</span> <code>${text(path)}</code> <span class="about">${text(summary)}</span></summary>
<div class="inside">${about}
<form data-path="${text(path)}" data-method="${method}">${fields.join('')}${body}<button>Send</button></form>
<output class="answer" aria-live="polite"></output>
${properties}${table('Answers', ['Status', 'Meaning', 'Types'], answers)}</div></details>`;
}

function renderParameter(id: string, parameter: ApiParameter): string {
  const { name, in: place, required, description, example, schema } = parameter;
  const field = `${id}-${place}-${name}`;
  const about = [description, kindOf(schema)].filter(Boolean).join('; ');
  const value = example === undefined ? '' : ` value="${text(String(example))}"`;
  // What is optional is tried without it first.
  const filled = required ? value : value.replace(' value', ' placeholder');
  return `<div class="field"><label for="${field}">${text(name)}</label>
<input id="${field}" name="${text(name)}" data-in="${place}"${filled}${required ? ' required' : ''} aria-describedby="${field}-about" />
<span class="about" id="${field}-about">${text(about)}</span></div>`;
}

function renderProperties(
  { properties = {}, required = [] }: ApiSchema,
  resolve: (schema: ApiSchema) => ApiSchema,
): string {
  const rows = Object.entries(properties).map(([name, given]) => {
    const schema = { ...resolve(given), ...given };
    const kind = `${kindOf(schema)}${required.includes(name) ? ', required' : ''}`;
    return `<tr><td><code>${text(name)}</code></td><td>${text(kind)}</td><td>${text(schema.description ?? '')}</td></tr>`;
  });
  return table('Fields of the body', ['Name', 'Kind', 'Meaning'], rows);
}

function table(caption: string, columns: readonly string[], rows: readonly string[]): string {
  const head = columns.map((name) => `<th scope="col">${name}</th>`).join('');
  return `<h3>${caption}</h3><table aria-label="${caption}"><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** A schema in words. */
function kindOf(schema: ApiSchema): string {
  const { type, enum: words, minimum, maximum, items, anyOf, properties } = schema;
  const unless =
    schema.default === undefined ? '' : `, ${JSON.stringify(schema.default)} unless given`;
  if (words) return `${words.join(', ')}${unless}`;
  if (anyOf) return anyOf.map(kindOf).join(' or ');
  if (type === 'array' && items) return `list of ${kindOf(items)}`;
  if (properties) return `{ ${Object.keys(properties).join(', ')} }`;
  // Of all that JSON's numbers can be exactly, nothing is to be said.
  const bounded = minimum !== undefined && maximum !== undefined && -minimum < maximum;
  return `${type ?? 'anything'}${bounded ? `, ${minimum} to ${maximum}` : ''}${unless}`;
}

/** Text of a document or an attribute. */
function text(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
