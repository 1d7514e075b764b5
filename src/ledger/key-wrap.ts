/** Encrypts data keys for the disk, by a master key from a file, a vault or a KMS. */
export interface KeyWrap {
  /** `context` is authenticated with the secret. */
  wrap(secret: Uint8Array, context: string): Promise<string>;
  /** Null when it was not wrapped by this master key, or for another context. */
  unwrap(wrapped: string, context: string): Promise<Uint8Array | null>;
}

/** Wraps under `next`, and reads what either has wrapped: while one takes the other's place. */
export function wrapDuring(current: KeyWrap, next: KeyWrap): KeyWrap {
  return {
    wrap: next.wrap,
    unwrap: async (wrapped, context) =>
      (await next.unwrap(wrapped, context)) ?? current.unwrap(wrapped, context),
  };
}
