/** Sends what the forms of /docs say, and shows what is answered. */

/** Of a text that is shown. */
const MAX_SHOWN = 20_000;

for (const form of document.querySelectorAll('form[data-path]')) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void send(form);
  });
}
// An address that names one opens it.
const named = document.getElementById(location.hash.slice(1));
if (named instanceof HTMLDetailsElement) named.open = true;

async function send(form) {
  const answer = form.nextElementSibling;
  const button = form.querySelector('button');
  button.disabled = true;
  answer.replaceChildren(line('Waiting …'));
  try {
    const { url, init } = requestOf(form);
    const began = performance.now();
    const response = await fetch(url, init);
    const shown = await bodyOf(response);
    const ms = Math.round(performance.now() - began);
    const type = response.headers.get('Content-Type') ?? 'nothing';
    const status = `${response.status} ${response.statusText}, ${type}, ${ms} ms`;
    answer.replaceChildren(line(status), line(`${init.method} ${url}`), shown);
  } catch (error) {
    answer.replaceChildren(line(`There was no answer: ${error.message}`));
  } finally {
    button.disabled = false;
  }
}

function requestOf(form) {
  const { path, method } = form.dataset;
  const headers = {};
  let filled = path.slice(1);
  const query = new URLSearchParams();
  for (const { dataset, name, value } of form.querySelectorAll('input')) {
    if (dataset.in === 'path') filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== '' && dataset.in === 'query') query.set(name, value);
    else if (value !== '') headers[name] = value;
  }
  const key = document.getElementById('key').value;
  if (key !== '') headers.Authorization = `Bearer ${key}`;
  const body = form.querySelector('textarea')?.value;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const url = new URL(filled, document.baseURI);
  url.search = query;
  return { url, init: { method: method.toUpperCase(), headers, body } };
}

/** A picture, text, or how many bytes there are of what is neither. */
async function bodyOf(response) {
  const type = response.headers.get('Content-Type') ?? '';
  if (/^image\//.test(type)) {
    const image = new Image();
    image.alt = 'The picture that was drawn';
    const url = URL.createObjectURL(await response.blob());
    image.onload = () => URL.revokeObjectURL(url);
    image.src = url;
    return image;
  }
  if (!/^(text\/|application\/([\w.-]*\+)?(x-nd)?json)/.test(type)) {
    return line(`${(await response.arrayBuffer()).byteLength} bytes`);
  }
  const text = await response.text();
  const shown = document.createElement('pre');
  // Who has a keyboard alone scrolls it too.
  shown.tabIndex = 0;
  shown.textContent = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text;
  if (/json/.test(type) && text.length <= MAX_SHOWN) shown.textContent = indented(text);
  return shown;
}

function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // Lines of JSON.
    return text;
  }
}

function line(text) {
  const shown = document.createElement('p');
  shown.textContent = text;
  return shown;
}
