import * as z from 'zod';
import { type ListenerConfig, listenerOf, TLS_SCHEMA } from './listeners.ts';

/** How gateways are answered, and where the gRPC listener stands. */
export interface GatewayConfig {
  readonly headers: {
    readonly tenant: string;
    readonly agent: string;
    readonly session: string;
    readonly jti: string;
    readonly tool: string;
    readonly method: string;
    readonly token: string;
  };
  readonly tokens: 'read' | 'verify';
  readonly unidentified: 'deny' | 'allow';
  readonly throttlePerMinute: number | null;
  /** Null while nothing listens for ext_authz over gRPC. */
  readonly grpc: ListenerConfig | null;
}

const header = (name: string, what: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9-]{1,64}$/)
    .meta({ title: 'the name of a header' })
    .default(name)
    .describe(`Header with ${what}.`);

/** `revocation.gateway`, as written. */
export const GATEWAY_SCHEMA = z.strictObject({
  headers: z
    .strictObject({
      tenant: header('x-tripcoil-tenant', 'the tenant, where the credential covers several'),
      agent: header('x-tripcoil-agent', 'the id of the agent'),
      session: header('x-tripcoil-session', 'the session'),
      jti: header('x-tripcoil-jti', 'the `jti` of the decision token'),
      tool: header('x-tripcoil-tool', 'the tool or action'),
      method: header('x-original-method', 'the method of the request that is asked about'),
      token: header(
        'x-forwarded-authorization',
        "the agent's token, where `Authorization` is the gateway's own",
      ),
    })
    .prefault({})
    .describe('Where the names stand. A gateway must set or remove each of these headers.'),
  tokens: z
    .enum(['read', 'verify'])
    .default('read')
    .describe(
      '`read` takes the names out of a token that the resource verifies anyway; `verify` refuses ' +
        'tokens that no issuer of `identity.issuers` vouches for.',
    ),
  unidentified: z
    .enum(['deny', 'allow'])
    .default('deny')
    .describe('What an enforcing tenant answers where nothing names an agent, session or token.'),
  throttle_per_minute: z
    .int()
    .min(1)
    .optional()
    .describe('Requests a minute at most at level 1, by breaker; by default twice the usual.'),
  ext_authz_grpc: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('Address of the listener.'),
      port: z.int().min(0).max(65_535).default(9191).describe('Port; 0 lets the system choose.'),
      tls: TLS_SCHEMA,
    })
    .optional()
    .describe('Answers Envoy and agentgateway over gRPC; off unless given.'),
});

/** With the defaults of `revocation.gateway` where nothing is written. */
export function gatewayOf(
  written: z.output<typeof GATEWAY_SCHEMA>,
  inBase: (path: string) => string,
): GatewayConfig {
  const { headers, tokens, unidentified, ext_authz_grpc: grpc } = written;
  const lower = (name: string) => name.toLowerCase();
  return {
    headers: {
      tenant: lower(headers.tenant),
      agent: lower(headers.agent),
      session: lower(headers.session),
      jti: lower(headers.jti),
      tool: lower(headers.tool),
      method: lower(headers.method),
      token: lower(headers.token),
    },
    ...{ tokens, unidentified },
    throttlePerMinute: written.throttle_per_minute ?? null,
    grpc: grpc === undefined ? null : listenerOf(grpc, inBase),
  };
}
