/** Values by the name of their placeholder. */
export type Values = ReadonlyMap<string, Value>;

export interface Value {
  readonly text: string;
  /** Kept as a number where a JSON leaf is this placeholder alone. */
  readonly number?: number;
  /** Never shown. */
  readonly secret?: boolean;
  /** Part of a URL as it is. */
  readonly url?: boolean;
}

/** A value that cannot stand where the template puts it; trying again changes nothing. */
export class Unrepresentable extends Error {
  readonly placeholder: string;

  constructor(placeholder: string) {
    super(`{${placeholder}} cannot stand there`);
    this.name = 'Unrepresentable';
    this.placeholder = placeholder;
  }
}

/** Where a text goes, which decides what a value may be and how it is written. */
export type Place = 'text' | 'url' | 'header' | 'command' | 'argument';

const PLACEHOLDER = /\{\{|\}\}|\{([a-z][a-z0-9_]*)\}/g;

/** Names of the placeholders in a text. */
export function placeholdersIn(text: string): readonly string[] {
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []);
}

/** Fills a text so that no value can leave its place. @throws Unrepresentable */
export function fill(text: string, values: Values, place: Place): string {
  const isArgument = place === 'argument';
  const filled = text.replace(PLACEHOLDER, (found, name: string | undefined) => {
    if (name === undefined) return found.slice(1);
    const value = values.get(name);
    if (value === undefined) throw new Unrepresentable(name);
    return written(name, value, place);
  });
  const first = placeholdersIn(text)[0];
  // An id must not turn into an option of the program.
  if (isArgument && first !== undefined && text.startsWith(`{${first}}`) && /^-/.test(filled)) {
    throw new Unrepresentable(first);
  }
  return filled;
}

/** Fills every string of a JSON value; a number stays one where it stands alone. */
export function fillJson(value: unknown, values: Values): unknown {
  if (typeof value === 'string') {
    const alone = /^\{([a-z][a-z0-9_]*)\}$/.exec(value)?.[1];
    const number = alone === undefined ? undefined : values.get(alone)?.number;
    return number ?? fill(value, values, 'text');
  }
  if (Array.isArray(value)) return value.map((each) => fillJson(each, values));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [
    fill(key, values, 'text'),
    fillJson(each, values),
  ]);
  return Object.fromEntries(entries);
}

function written(name: string, { text, url }: Value, place: Place): string {
  switch (place) {
    case 'text':
      return text;
    case 'url':
      if (url) return text.replace(/\/+$/, '');
      // A path of dots would lead somewhere else, encoded or not.
      if (text === '' || /^\.+$/.test(text)) throw new Unrepresentable(name);
      return encodeURIComponent(text.toWellFormed());
    case 'header':
      if (/[^\x20-\x7e]/.test(text)) throw new Unrepresentable(name);
      return text;
    case 'command':
      // The socket of HAProxy ends a command at these, and has no quoting that every version knows.
      if (text === '' || /[^\x21-\x7e]|[;\\<"'#]/.test(text)) throw new Unrepresentable(name);
      return text;
    case 'argument':
      if (/\p{Cc}/u.test(text)) throw new Unrepresentable(name);
      return text;
  }
}
