import { createHash } from 'node:crypto';
import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';

/** A receiver of shared signals, as the transmitter knows it. */
export interface StreamClientConfig {
  readonly id: string;
  readonly secretSha256: string | null;
  readonly tenants: readonly string[] | '*';
  readonly scopes: readonly ('ssf.read' | 'ssf.manage')[];
  readonly audience: string | null;
  readonly subjectProfile: 'iss_sub' | 'complex';
  readonly verifyStatus: 200 | 204;
  readonly legacySse: boolean;
}

export interface SharedSignalsConfig {
  readonly clients: readonly StreamClientConfig[];
  readonly subjectIssuer: string | null;
  readonly narrowedScope: string;
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
}

const identifier = z.string().min(1).max(LIMITS.identifierChars);

const client = z.strictObject({
  id: identifier.describe('The OAuth client id; without a secret, the name of a bearer token.'),
  secret: z
    .string()
    .min(16)
    .optional()
    .describe(`The client's secret, 16 characters or more; better \${env:NAME} than in plain.`),
  secret_sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional()
    .describe('SHA-256 of the secret, 64 lower-case hex digits, where it must not be here.'),
  tenants: z.array(identifier).min(1).describe('Tenants it may hear about, or `*` for all.'),
  scopes: z
    .array(z.enum(['ssf.read', 'ssf.manage']))
    .min(1)
    .default(['ssf.read', 'ssf.manage'])
    .describe('`ssf.read` reads and polls, `ssf.manage` does everything.'),
  audience: z
    .string()
    .min(1)
    .optional()
    .describe('The `aud` claim of its tokens; its id unless set.'),
  subject_profile: z
    .enum(['iss_sub', 'complex'])
    .default('iss_sub')
    .describe('How subjects are named on its streams; `complex` also names session and tenant.'),
  compat: z
    .strictObject({
      verify_status: z
        .union([z.literal(200), z.literal(204)])
        .default(204)
        .describe('Status of its verification and removal requests; some receivers want 200.'),
      legacy_sse: z
        .boolean()
        .default(false)
        .describe('Serves receivers from before SSF 1.0: old address, methods, no stream_id.'),
    })
    .prefault({})
    .describe('What this receiver needs other than the standard has it.'),
});

/** `revocation.ssf`, as written. */
export const SHARED_SIGNALS_SCHEMA = z
  .strictObject({
    clients: z.array(client).max(1_000).default([]).describe('Receivers that make their streams.'),
    subject_issuer: z
      .string()
      .min(1)
      .optional()
      .describe('`iss` of subjects: who issued the identities of agents; else the transmitter.'),
    narrowed_scope: z
      .string()
      .min(1)
      .default('read')
      .describe('The scope that token-claims-change names at level 3.'),
    allow_loopback: z
      .boolean()
      .default(false)
      .describe('Lets streams be pushed to this machine, also with http. For development.'),
    allow_private: z
      .boolean()
      .default(false)
      .describe('Lets streams be pushed into private networks, over https alone.'),
  })
  .prefault({})
  .describe('Streams of shared signals (SSF 1.0, CAEP, RISC); see docs/ssf.md.');

export function sharedSignalsOf(
  document: z.infer<typeof SHARED_SIGNALS_SCHEMA>,
): SharedSignalsConfig {
  return {
    clients: document.clients.map(({ id, secret, tenants, scopes, audience, ...rest }) => ({
      id,
      secretSha256:
        rest.secret_sha256 ??
        (secret === undefined ? null : createHash('sha256').update(secret).digest('hex')),
      tenants: tenants.includes('*') ? '*' : tenants,
      scopes,
      audience: audience ?? null,
      subjectProfile: rest.subject_profile,
      verifyStatus: rest.compat.verify_status,
      legacySse: rest.compat.legacy_sse,
    })),
    subjectIssuer: document.subject_issuer ?? null,
    narrowedScope: document.narrowed_scope,
    allowLoopback: document.allow_loopback,
    allowPrivate: document.allow_private,
  };
}
