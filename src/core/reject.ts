/** Bad input is a value: it costs no other record, is counted, and names the field. */
export interface Reject {
  /** Index in the batch, or line number (from 1) where input comes in lines. */
  readonly position: number;
  readonly code: RejectCode;
  /** Dotted path of the offending field, in the sender's own spelling. */
  readonly path: string;
  /** Says what was expected; never repeats a value, which might be personal. */
  readonly message: string;
}

/** The `message` of every reject of an audit record that names nobody who acts. */
export const NO_ACTOR = 'the record names no actor';

export const REJECT_CODES = [
  'malformed',
  'missing_field',
  'wrong_type',
  'out_of_range',
  'too_large',
  'too_deep',
  'unknown_format',
  'invalid_id',
  'clock_skew',
  'tenant_not_allowed',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];
