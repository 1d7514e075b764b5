/** The lines before the body of an entry's text; see docs/adr/0003. */
export interface EntryText {
  readonly seq: number;
  readonly loggedAt: number;
  readonly kind: string;
  readonly engineVersion: number;
  readonly tenant: string;
  /** JSON. */
  readonly body: string;
}

const ENTRY = /^(\d{1,15})\n(\d{1,15})\n([a-z]+)\n(\d{1,9})\n("[^\n]*")\n([\s\S]*)$/;

/** Null for a text that is no entry. */
export function parseEntryText(text: string): EntryText | null {
  const [, seq, loggedAt, kind, engineVersion, tenantText = '', body] = ENTRY.exec(text) ?? [];
  if (kind === undefined || body === undefined) return null;
  try {
    const tenant: unknown = JSON.parse(tenantText);
    if (typeof tenant !== 'string') return null;
    return {
      ...{ seq: Number(seq), loggedAt: Number(loggedAt), kind, tenant, body },
      engineVersion: Number(engineVersion),
    };
  } catch {
    return null;
  }
}

/** Random-looking bytes before each text, without which a commitment could be guessed. */
export const SALT_BYTES = 16;
