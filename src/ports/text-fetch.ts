/**
 * Fetches a text by GET. Rejects unless the answer is a 200 within `maxBytes`; follows no redirect.
 */
export type TextFetch = (
  url: URL,
  options: { readonly signal: AbortSignal; readonly maxBytes: number },
) => Promise<string>;

/** Sends a text by POST and reads the answer. Rejects when none came; follows no redirect. */
export type TextPost = (request: {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly answerBytes: number;
}) => Promise<{ readonly status: number; readonly text: string }>;
