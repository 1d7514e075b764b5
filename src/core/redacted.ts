declare const redacted: unique symbol;

/**
 * A value that has passed the redactor. Only `src/redact` mints it and only `src/ledger` may read
 * it back from disk; a test looks for casts anywhere else.
 */
export type Redacted<T> = T & { readonly [redacted]: true };
