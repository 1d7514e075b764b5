/**
 * Fetches a text by GET. Rejects unless the answer is a 200 within `maxBytes`; follows no redirect.
 */
export type TextFetch = (
  url: URL,
  options: { readonly signal: AbortSignal; readonly maxBytes: number },
) => Promise<string>;
