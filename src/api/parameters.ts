import * as z from 'zod';
import { KEY_KINDS } from '../core/breaker.ts';
import { LIMITS } from '../core/limits.ts';

/** An id of ours or of a sender's. */
export const IDENTIFIER = z.string().min(1).max(LIMITS.identifierChars);

/** A local chain id has the kind, and for an event the source, before the identifier. */
export const CHAIN_ID = z.string().min(1).max(LIMITS.chainIdChars);

/** RFC 3339 or epoch milliseconds, as text of a query. */
export const INSTANT = z
  .string()
  .max(64)
  .transform((text, context) => {
    const time = /^\d{1,16}$/.test(text) ? Number(text) : Date.parse(text);
    if (Number.isSafeInteger(time) && Math.abs(time) <= 8.64e15) return time;
    context.addIssue({ code: 'custom', message: 'expected RFC 3339 or epoch milliseconds' });
    return z.NEVER;
  });

/** Rows of one page, `fallback` where the query says nothing. */
export function limitOf(fallback: number) {
  return wholeNumber(1, LIMITS.pageRows).default(fallback);
}

/** A whole number written in digits; `Number` alone would take '' for 0. */
export function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,16}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

export const CURSOR = z.string().min(1).max(256);

/** The words of a person who gives an order. */
export const ORDER_WORDS = {
  reason: z.string().trim().min(1).max(1_000).describe('Why; stands in the record.'),
  actor: IDENTIFIER.optional().describe('Who, where the credential is shared.'),
};

export const BREAKER_KEY = z.strictObject({
  tenant: IDENTIFIER,
  kind: z.enum(KEY_KINDS),
  id: IDENTIFIER,
  agent: IDENTIFIER.optional(),
});
