import type { PersonalType } from '../tokens.ts';

/** ISO 3166-1 alpha-2 of the country whose authority gives the number out; `any` for the world. */
export type Region = string;

/** One kind of value that is looked for, as the table in the documentation shows it. */
export interface Entity {
  /** Stable name, as in findings, policy and `tripcoil redact test`. */
  readonly id: string;
  /** What its pseudonym is called. */
  readonly type: PersonalType;
  readonly region: Region;
  /** The rule in words, for the page. */
  readonly rule: string;
  /** Who defines the form: a standard, a law, an authority. */
  readonly source: string;
  /** What is known not to be found, or found by mistake. */
  readonly gaps?: string;
  /** The shape, tried only near one of `words`. Case does not matter. */
  readonly shape?: string;
  /** Words and phrases, lower case, that make the shape enough; separated by commas. */
  readonly words?: string;
  /** A shape so peculiar that with a passing check it needs no word. Case matters. */
  readonly bare?: string;
  /** Length of the first run of letters and digits of `bare`. */
  readonly bareRuns?: readonly number[];
  /** The check digit's test over the value as written. */
  readonly check?: (text: string) => boolean;
  /** Beside a word a failed check acquits: the shape alone is too common. */
  readonly strict?: boolean;
}
