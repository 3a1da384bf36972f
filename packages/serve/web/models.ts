/** The other generators of the service, each of which has its page below /models/NAME/. */
import { byId, make } from './dom.ts';
import { getFromServer } from './server.ts';

/** Links to their pages, where there are several; and to what tells of the service's addresses. */
export async function showModels(): Promise<void> {
  const { root, name: own } = placeOf(location.pathname);
  byId<HTMLAnchorElement>('api').href = `${root}docs`;
  const answer = await (await getFromServer(`${root}v1/models`)).json();
  const names: string[] = answer.models.map(({ name }: { name: string }) => name);
  if (names.length < 2) return;
  // Addresses that name none are the first one's.
  const current = own ?? names[0];
  const links = names.map((name) => {
    const link = make('a', {
      href: `${root}models/${encodeURIComponent(name)}/`,
      textContent: name,
    });
    if (name === current) link.setAttribute('aria-current', 'page');
    return link;
  });
  const place = byId('models');
  place.replaceChildren(...links);
  place.hidden = false;
}

/** Where the service begins, and which model a page's address names. */
export function placeOf(path: string): { root: string; name: string | undefined } {
  const [, root, name] = /^(.*\/)models\/([^/]+)\/(?:versions\/[^/]+\/)?$/.exec(path) ?? [];
  if (root === undefined) return { root: path.replace(/[^/]*$/, ''), name: undefined };
  return { root, name: decodeURIComponent(name!) };
}
