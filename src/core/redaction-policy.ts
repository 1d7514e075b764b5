/**
 * What stands in place of a personal value. `token`: a keyed pseudonym. `vault`: the same, and the
 * value is sealed so that two people may reveal it. `type`: the kind alone. `mask`: asterisks,
 * always as many. `partial`: the last characters, or the domain. `generalise`: the class it belongs
 * to (a country, a network, a year). `format_preserving`: other digits of the same form (FF1).
 * `date_shift`: another day, the same distance for all dates of one subject. `drop`: nothing.
 */
export const REDACTION_MODES = [
  'token',
  'vault',
  'type',
  'mask',
  'partial',
  'generalise',
  'format_preserving',
  'date_shift',
  'drop',
] as const;
export type RedactionMode = (typeof REDACTION_MODES)[number];

/** Parts of an event that carry what people and models said, rather than what was done. */
export const CONTENT_KINDS = [
  'messages',
  'tool_arguments',
  'tool_results',
  'memory',
  'reasoning',
] as const;
export type ContentKind = (typeof CONTENT_KINDS)[number];

/** `scan`: keep what is not personal. `shape`: keep keys, types and sizes. `drop`: keep nothing. */
export const CONTENT_POLICIES = ['scan', 'shape', 'drop'] as const;
export type ContentPolicy = (typeof CONTENT_POLICIES)[number];

/** A kind of value that a tenant looks for beside those that everybody does. */
export interface RecogniserRule {
  /** As in `tripcoil redact test`; of a secret also what its mask says. */
  readonly name: string;
  /** A type of the entity table, `secret`, or a type of the tenant's own that begins with `x_`. */
  readonly entity: string;
  /** In the syntax of RE2, which has a linear-time matcher: no look-around, no back-references. */
  readonly pattern: string;
  /** Lower case. Where there are some, a match counts only near one of them, or under its key. */
  readonly keywords: readonly string[];
  /** Characters between the end of a keyword and the beginning of a match, at most. */
  readonly keywordDistance: number;
  /** A named check that a match has to pass; null for none. */
  readonly validator: string | null;
  /** Characters of the longest match. */
  readonly maxLength: number;
}

/** What one tenant wants redacted, and how. */
export interface RedactionPolicy {
  readonly content: Readonly<Record<ContentKind, ContentPolicy>>;
  /** Attributes that are neither structural telemetry, nor content, nor in `allowedKeys`. */
  readonly unknownKeys: ContentPolicy;
  readonly allowedKeys: readonly string[];
  /** Modes by entity, `secret` included; `*` for every personal entity without its own. */
  readonly modes: Readonly<Record<string, RedactionMode>>;
  readonly names: {
    /** Names seen under a typed key are looked for in the other texts of the record and chain. */
    readonly propagate: boolean;
    /** Names to look for everywhere in content; empty without a gazetteer. */
    readonly gazetteer: readonly string[];
  };
  /** Countries whose numbers are looked for, ISO 3166-1 alpha-2; null for all. */
  readonly regions: readonly string[] | null;
  /** Further values that are looked for. */
  readonly recognisers: readonly RecogniserRule[];
}

/** What holds where nothing is configured. */
export const DEFAULT_REDACTION: RedactionPolicy = {
  content: {
    messages: 'scan',
    tool_arguments: 'scan',
    tool_results: 'scan',
    memory: 'scan',
    reasoning: 'scan',
  },
  unknownKeys: 'scan',
  allowedKeys: [],
  modes: {},
  names: { propagate: true, gazetteer: [] },
  regions: null,
  recognisers: [],
};
