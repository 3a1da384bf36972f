/** Elements of index.html by their ids. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** Says in one line what went wrong; nothing takes it away. */
export function complain(line: string | undefined): void {
  const message = byId('message');
  message.hidden = line === undefined;
  message.textContent = line ?? '';
  if (line !== undefined) message.scrollIntoView({ block: 'nearest' });
}
