import * as z from 'zod';
import { TRUST_ORDER, type Trust } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Role } from '../ports/ingest.ts';
import { listOf, type Report, recordOf } from './checking.ts';
import type { Problem } from './problems.ts';
import type { Path } from './schema-path.ts';

const ASYMMETRIC = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];
const SYMMETRIC = ['HS256', 'HS384', 'HS512'] as const;

const DEFAULT_TYPES = ['jwt', 'at+jwt', 'txntoken+jwt', 'txn_token'];
const TYPES_OF_SPIFFE = ['jwt', 'jose'];
const AGENT_CLAIMS = ['act', 'spiffe', 'client_id', 'sub'] as const;
/** HS256 takes a key of 256 bits at least (RFC 7518 section 3.2). */
const SECRET_CHARS = 32;

/** One issuer of tokens, complete. Exactly one of `jwksUri`, `jwks` and `sharedSecret` is set. */
export interface TokenIssuerConfig {
  readonly issuer: string;
  readonly jwksUri: string | null;
  /** A JSON Web Key Set as parsed. */
  readonly jwks: unknown;
  readonly sharedSecret: string | null;
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly types: readonly string[];
  readonly clockToleranceMs: number;
  readonly tenants: readonly string[] | '*';
  readonly tenantClaim: string | null;
  readonly agentClaims: readonly (typeof AGENT_CLAIMS)[number][];
  readonly allowLoopback: boolean;
  readonly allowPrivate: boolean;
  readonly ingest: {
    readonly audiences: readonly string[];
    readonly roles: readonly Role[];
    readonly trust: Trust;
    readonly trustClaim: string | null;
    readonly nameClaim: string | null;
    readonly scope: string | null;
  } | null;
}

const name = z.string().min(1).max(LIMITS.identifierChars);
const names = z.array(name).min(1).max(LIMITS.listItems);

/** The `identity` section, as written. */
export const IDENTITY_SCHEMA = z.strictObject({
  issuers: z
    .array(
      z.strictObject({
        issuer: name.describe(
          'The `iss` claim, to the letter; `spiffe://trust-domain` for JWT-SVIDs without one.',
        ),
        jwks_uri: z
          .url({ protocol: /^https?$/ })
          .optional()
          .describe('Where its public keys are published; https. Fetched, kept and renewed.'),
        jwks_file: z
          .string()
          .min(1)
          .optional()
          .describe('A file with its JSON Web Key Set, read at start.'),
        jwks: z
          .strictObject({
            keys: z
              .array(z.looseObject({ kty: z.string().describe('Its kind: `EC`, `RSA`, `OKP`.') }))
              .min(1)
              .max(LIMITS.jwksKeys)
              .describe('Public keys (RFC 7517).'),
          })
          .optional()
          .describe('The JSON Web Key Set itself. Public keys only.'),
        shared_secret: z
          .string()
          .min(SECRET_CHARS)
          .optional()
          .describe(
            `For HS256 to HS512 alone, at least ${SECRET_CHARS} characters; better ` +
              `\${env:NAME} or \${file:PATH} than in plain.`,
          ),
        audiences: names.describe('A token must be meant for one of these (`aud`).'),
        algorithms: z
          .array(z.enum([...ASYMMETRIC, ...SYMMETRIC]))
          .min(1)
          .optional()
          .describe('Signatures accepted. Default: all with a public key, or HS256 with a secret.'),
        types: names
          .optional()
          .describe(
            'Header `typ` accepted, without `application/`; a token without one passes. Default: ' +
              `${DEFAULT_TYPES.join(', ')}.`,
          ),
        clock_tolerance_ms: z
          .int()
          .min(0)
          .max(300_000)
          .default(30_000)
          .describe('How far clocks may differ when `exp`, `nbf` and `iat` are judged.'),
        tenants: names.describe('Tenants it may speak for, or `*` for all.'),
        tenant_claim: name
          .optional()
          .describe('The claim that names the tenant, such as `tid` or `org_id`.'),
        agent_claims: z
          .array(z.enum(AGENT_CLAIMS))
          .default(['act', 'spiffe'])
          .describe(
            'What names the agent, first wins: the current actor, a SPIFFE id in `sub`, ' +
              '`client_id` (or `azp`), any `sub`. Empty: the event alone does.',
          ),
        allow_loopback: z
          .boolean()
          .default(false)
          .describe('Lets `jwks_uri` point at this machine, then also with http. For development.'),
        allow_private: z
          .boolean()
          .default(false)
          .describe('Lets `jwks_uri` point into a private network, over https alone.'),
        ingest: z
          .strictObject({
            audiences: names.describe('Audiences of credentials; none of those of the issuer.'),
            roles: z
              .array(z.enum(['ingest', 'broker', 'viewer']))
              .min(1)
              .default(['ingest'])
              .describe('What the holder may do; orders take a static operator token.'),
            trust: z
              .enum(TRUST_ORDER as [Trust, ...Trust[]])
              .default('agent')
              .describe('What the evidence of the holder is worth.'),
            trust_claim: name
              .optional()
              .describe('A claim with a trust class, which may lower `trust` and never raise it.'),
            name_claim: name
              .optional()
              .describe('The claim that names the sender. Default: `client_id`, `azp`, `sub`.'),
            scope: name.optional().describe('A scope that the token must have.'),
          })
          .optional()
          .describe('Makes tokens of this issuer credentials for this API.'),
      }),
    )
    .max(LIMITS.tokenIssuers)
    .default([])
    .describe('Issuers whose tokens are believed; see docs/identity.md.'),
});

type Written = z.output<typeof IDENTITY_SCHEMA>['issuers'][number];

/** The issuer with its defaults and the key set of its file. */
export function tokenIssuerOf(
  written: Written,
  readSecret: (path: string) => string | null,
): TokenIssuerConfig {
  const { issuer, audiences, tenants, ingest } = written;
  const text = written.jwks_file === undefined ? null : readSecret(written.jwks_file);
  const types = issuer.startsWith('spiffe://') ? TYPES_OF_SPIFFE : DEFAULT_TYPES;
  return {
    ...{ issuer, audiences },
    jwksUri: written.jwks_uri ?? null,
    jwks: text === null ? (written.jwks ?? null) : JSON.parse(text),
    sharedSecret: written.shared_secret ?? null,
    algorithms:
      written.algorithms ?? (written.shared_secret === undefined ? ASYMMETRIC : ['HS256']),
    types: (written.types ?? types).map((type) => type.toLowerCase().replace(/^application\//, '')),
    clockToleranceMs: written.clock_tolerance_ms,
    tenants: tenants.includes('*') ? '*' : tenants,
    tenantClaim: written.tenant_claim ?? null,
    agentClaims: written.agent_claims,
    allowLoopback: written.allow_loopback,
    allowPrivate: written.allow_private,
    ingest:
      ingest === undefined
        ? null
        : {
            audiences: ingest.audiences,
            roles: ingest.roles,
            trust: ingest.trust,
            trustClaim: ingest.trust_claim ?? null,
            nameClaim: ingest.name_claim ?? null,
            scope: ingest.scope ?? null,
          },
  };
}

const KEY_SOURCES = ['jwks_uri', 'jwks_file', 'jwks', 'shared_secret'] as const;

/** What is wrong with `identity.issuers` beyond the form of its values. */
export function identityProblems(
  root: Record<string, unknown>,
  readSecret: (path: string) => string | null,
  urlProblems: (value: unknown, path: Path, local: boolean) => readonly Problem[],
  at: Report,
): readonly Problem[] {
  const issuers = listOf(recordOf(root['identity'])['issuers']).map(recordOf);
  return issuers.flatMap((issuer, index) => {
    const path: Path = ['identity', 'issuers', index];
    return [
      ...keyProblems(issuer, path, readSecret, at),
      ...urlProblems(issuer['jwks_uri'], [...path, 'jwks_uri'], issuer['allow_loopback'] === true),
      ...algorithmProblems(issuer, path, at),
      ...ingestProblems(issuer, path, at),
      ...repeatedIssuer(issuers, index, path, at),
    ];
  });
}

function keyProblems(
  issuer: Record<string, unknown>,
  path: Path,
  readSecret: (path: string) => string | null,
  at: Report,
): readonly Problem[] {
  const given = KEY_SOURCES.filter((key) => Object.hasOwn(issuer, key));
  if (given.length !== 1) return [at(path, `needs exactly one of ${KEY_SOURCES.join(', ')}`)];
  const file = issuer['jwks_file'];
  if (typeof file === 'string' && file !== '') {
    const text = readSecret(file);
    if (text === null) return [at([...path, 'jwks_file'], 'cannot be read')];
    const keySet = parsed(text);
    if (listOf(recordOf(keySet)['keys']).length === 0) {
      return [at([...path, 'jwks_file'], 'holds no JSON Web Key Set: {"keys": […]}')];
    }
    return privateKeys(keySet, [...path, 'jwks_file'], at);
  }
  return privateKeys(issuer['jwks'], [...path, 'jwks'], at);
}

/** A private or shared key among the public ones has leaked, and would let its reader sign. */
function privateKeys(keySet: unknown, path: Path, at: Report): readonly Problem[] {
  const keys = listOf(recordOf(keySet)['keys']).map(recordOf);
  const isSecret = keys.some((key) => key['kty'] === 'oct' || 'd' in key || 'priv' in key);
  return isSecret ? [at(path, 'holds a private or shared key: put public keys here')] : [];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** With both kinds of algorithm a public key could be taken for a secret (RFC 8725 section 2.1). */
function algorithmProblems(
  issuer: Record<string, unknown>,
  path: Path,
  at: Report,
): readonly Problem[] {
  const algorithms = listOf(issuer['algorithms']);
  const wrong =
    issuer['shared_secret'] === undefined
      ? algorithms.some((each) => (SYMMETRIC as readonly unknown[]).includes(each))
      : algorithms.some((each) => (ASYMMETRIC as readonly unknown[]).includes(each));
  const message = 'must be HS256, HS384 or HS512 with shared_secret and none of them without';
  return wrong ? [at([...path, 'algorithms'], message)] : [];
}

function ingestProblems(
  issuer: Record<string, unknown>,
  path: Path,
  at: Report,
): readonly Problem[] {
  if (issuer['ingest'] === undefined) return [];
  const problems: Problem[] = [];
  const audiences = listOf(recordOf(issuer['ingest'])['audiences']);
  if (audiences.some((each) => listOf(issuer['audiences']).includes(each))) {
    const message = 'shares an audience with decision tokens: each of those were a credential';
    problems.push(at([...path, 'ingest', 'audiences'], message));
  }
  if (listOf(issuer['tenants']).includes('*') && issuer['tenant_claim'] === undefined) {
    const message = 'may not be * where tokens are credentials: name the tenants or a tenant_claim';
    problems.push(at([...path, 'tenants'], message));
  }
  return problems;
}

/** One issuer may stand twice, for other tenants or other audiences; else the second is unused. */
function repeatedIssuer(
  issuers: readonly Record<string, unknown>[],
  index: number,
  path: Path,
  at: Report,
): readonly Problem[] {
  const own = issuers[index] ?? {};
  const isTaken = (member: string, other: Record<string, unknown>) => {
    const others = listOf(other[member]);
    const all = member === 'tenants' && (others.includes('*') || listOf(own[member]).includes('*'));
    return all || listOf(own[member]).some((each) => others.includes(each));
  };
  const before = issuers
    .slice(0, index)
    .some(
      (other) =>
        other['issuer'] === own['issuer'] &&
        isTaken('tenants', other) &&
        isTaken('audiences', other),
    );
  const message = 'is the issuer of an earlier entry with the same tenants and audiences';
  return before ? [at([...path, 'issuer'], message)] : [];
}
