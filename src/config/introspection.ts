import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';

/** The authorisation server behind the introspection of some tenants. */
export interface IntrospectionConfig {
  readonly tenants: readonly string[] | '*';
  readonly url: string;
  readonly authorization: string | null;
  readonly timeoutMs: number;
  readonly onFailure: 'closed' | 'open';
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

/** One entry of `revocation.introspection`, as written. */
export const INTROSPECTION_SCHEMA = z.strictObject({
  tenants: z
    .array(z.string().min(1).max(LIMITS.identifierChars))
    .min(1)
    .describe('Tenants whose tokens it issues, or `*` for all; the first entry that fits holds.'),
  url: z
    .url({ protocol: /^https?$/ })
    .describe('Introspection endpoint of the authorisation server (RFC 7662); https.'),
  authorization: z
    .string()
    .min(1)
    .optional()
    .describe(
      `Value of the Authorization header by which Tripcoil is its client; better \${env:NAME}.`,
    ),
  timeout_ms: z.int().min(10).max(10_000).default(1_000).describe('How long it may take.'),
  on_failure: z
    .enum(['closed', 'open'])
    .default('closed')
    .describe(
      'Without an answer: `closed` calls every token inactive, `open` believes tokens that an ' +
        'issuer of `identity.issuers` signed.',
    ),
  allow_loopback: z
    .boolean()
    .default(false)
    .describe('Lets the URL point at this machine, then also with http. For development.'),
  allow_private: z
    .boolean()
    .default(false)
    .describe('Lets the URL point into a private network, over https alone.'),
});

/** With the names that the adapter knows. */
export function introspectionOf(
  written: z.output<typeof INTROSPECTION_SCHEMA>,
): IntrospectionConfig {
  const { tenants, url } = written;
  return {
    tenants: tenants.includes('*') ? '*' : tenants,
    url,
    authorization: written.authorization ?? null,
    timeoutMs: written.timeout_ms,
    onFailure: written.on_failure,
    allowLoopback: written.allow_loopback,
    allowPrivate: written.allow_private,
  };
}
