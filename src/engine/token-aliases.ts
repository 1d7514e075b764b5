import type { AccessEvent } from '../core/access-event.ts';
import type { InputEntry } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { PSEUDONYM } from '../core/pseudonym.ts';

/**
 * What each token of a newer pseudonym key was called first. All state of a tenant goes by first
 * names, so that a rotation of keys makes nothing look new and no grant look foreign.
 */
export type TokenAliases = Map<string, string>;

/**
 * Takes in what the event tells of its tokens; the longest known are forgotten first. Returns
 * whether there was anything new.
 */
export function learnAliases(aliases: TokenAliases, event: AccessEvent): boolean {
  let learned = false;
  for (const [token, earlier] of Object.entries(event.tokenAliases ?? {})) {
    const first = aliases.get(earlier) ?? earlier;
    if (first === token || aliases.has(token)) continue;
    if (aliases.size >= LIMITS.tokenAliases) {
      for (const oldest of aliases.keys()) {
        aliases.delete(oldest);
        break;
      }
    }
    aliases.set(token, first);
    learned = true;
  }
  return learned;
}

/** The entry with every token under its first name; the same object where no key ever rotated. */
export function underFirstNames(aliases: TokenAliases, entry: InputEntry): InputEntry {
  if (aliases.size === 0) return entry;
  const { body, contentTokens } = entry;
  return {
    ...entry,
    body: renamed(aliases, body) as InputEntry['body'],
    ...(contentTokens ? { contentTokens: contentTokens.map((it) => aliases.get(it) ?? it) } : {}),
  };
}

/** The same for grants and orders. Unchanged parts are returned as they came. */
export function renamed(aliases: TokenAliases, value: unknown): unknown {
  if (aliases.size === 0) return value;
  if (typeof value === 'string') {
    if (!value.includes('[')) return value;
    return value.replaceAll(PSEUDONYM, (token) => aliases.get(token) ?? token);
  }
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => renamed(aliases, item));
    return items.every((item, index) => Object.is(item, value[index])) ? value : items;
  }
  let changed = false;
  const members = Object.entries(value).map(([key, before]) => {
    const after = renamed(aliases, before);
    const name = renamed(aliases, key) as string;
    changed ||= name !== key || !Object.is(after, before);
    return [name, after] as const;
  });
  return changed ? Object.fromEntries(members) : value;
}
