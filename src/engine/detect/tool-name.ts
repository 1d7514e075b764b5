/** A name as people are shown it: one line of at most 80 characters. */
export function shownName(name: string): string {
  const line = name.replace(/[\p{C}\s]+/gu, ' ').trim();
  return line.length > SHOWN_CHARS ? `${line.slice(0, SHOWN_CHARS - 1)}…` : line;
}

const SHOWN_CHARS = 80;

/**
 * The first two words of a tool's name in lower case: names put the verb first, some after the name
 * of their server (`git_clone`, `crm.searchContacts`).
 */
export function verbsOf(tool: string): readonly string[] {
  return tool
    .slice(0, SHOWN_CHARS)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/, 2);
}

/** Whether a verb of the tool's name is among these. */
export function hasVerbOf(tool: string, verbs: readonly string[]): boolean {
  return verbsOf(tool).some((verb) => verbs.includes(verb));
}

/**
 * Verbs that change only what lies inside, or bring something in: where to is what matters then.
 * Detectors of novelty take calls of such tools more lightly unless configured otherwise.
 */
export const QUIET_VERBS: readonly string[] = (
  'access clone copy click create download fetch follow load login make mkdir move open pull ' +
  'save visit'
).split(' ');
