import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { type ErrorCode, TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Authenticator } from '../../ports/authenticator.ts';
import type { Log } from '../../ports/log.ts';
import { admit } from '../admission.ts';
import { decodeAuthorizationRequest, encodeAuthorizationResponse } from './ext-authz-wire.ts';
import { type GatewayDependencies, GatewayJudge, opOfMethods } from './judge.ts';

export interface ExtAuthzDependencies extends GatewayDependencies {
  readonly authenticator: Authenticator;
  readonly log: Log;
  /** Plain text without. */
  readonly credentials?: ServerCredentials;
}

export interface ExtAuthzServer {
  /** Resolves to the port as bound. @throws Error with the system's `code` in its message. */
  listen(host: string, port: number): Promise<number>;
  /** Lets the calls under way end within `LIMITS.shutdownGraceMs`. Safe twice. */
  close(): Promise<void>;
}

/**
 * `envoy.service.auth.v3.Authorization/Check` for Envoy and agentgateway. The proxy's credential
 * stands in the metadata `authorization` of the call; names come from the headers of the request
 * asked about, from its bearer token, and from `context_extensions`, which the proxy alone sets.
 */
export function createExtAuthzServer(dependencies: ExtAuthzDependencies): ExtAuthzServer {
  const { log, clock, credentials = ServerCredentials.createInsecure() } = dependencies;
  const judge = new GatewayJudge(dependencies);
  const server = new Server({
    'grpc.max_receive_message_length': LIMITS.gatewayMessageBytes,
    'grpc.max_concurrent_streams': LIMITS.gatewayStreamsPerConnection,
  });
  server.addService(SERVICE, {
    check: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
      check(dependencies, judge, call).then(
        (response) => answer(null, response),
        (error: unknown) => {
          const code = error instanceof TripcoilError ? error.code : 'internal';
          if (code === 'internal') log.error('gateway call failed', { transport: 'grpc' });
          const details = error instanceof TripcoilError ? error.message : 'A fault of ours.';
          // Any status but OK makes the proxy take its own failure mode: deny, by default.
          answer({ code: STATUS[code] ?? status.INTERNAL, details });
        },
      );
    },
  });
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    const ended = new AbortController();
    const graceful = new Promise<void>((resolve) => {
      server.tryShutdown(() => resolve());
    });
    await Promise.race([graceful, clock.sleep(LIMITS.shutdownGraceMs, ended.signal)]);
    ended.abort();
    server.forceShutdown();
  };
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
        server.bindAsync(address, credentials, (error, bound) => {
          if (error === null) resolve(bound);
          else reject(error);
        });
      }),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function check(
  { authenticator, settings }: ExtAuthzDependencies,
  judge: GatewayJudge,
  call: ServerUnaryCall<Buffer, Buffer>,
): Promise<Buffer> {
  const authorization = credentialOf(call.metadata);
  const bearer = /^bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) await authenticator.prepare?.(bearer);
  const principal = admit({ headers: { authorization } }, authenticator);
  const { method, headers, contextExtensions } = decodeAuthorizationRequest(call.request);
  const names = settings.headers;
  const own = (name: string) => contextExtensions.get(name) || undefined;
  const header = (name: string) => headers.get(name) || undefined;
  const ruling = await judge.judge(
    principal,
    {
      tenant: own('tenant') ?? header(names.tenant),
      agents: [own('agent'), header(names.agent)],
      sessions: [own('session'), header(names.session)],
      jtis: [own('jti'), header(names.jti)],
      tool: own('tool') ?? header(names.tool),
      op: own('op') ?? opOfMethods([method, header(names.method)]),
      token: header('authorization') ?? header(names.token),
    },
    'gateway_grpc',
  );
  return encodeAuthorizationResponse(ruling);
}

function credentialOf(metadata: Metadata): string | undefined {
  return metadata.get('authorization')[0]?.toString();
}

const STATUS: Readonly<Partial<Record<ErrorCode, status>>> = {
  bad_request: status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  forbidden: status.PERMISSION_DENIED,
};

/** By hand, with bytes for messages. */
const bytes = (message: Buffer): Buffer => message;
const SERVICE: ServiceDefinition = {
  check: {
    path: '/envoy.service.auth.v3.Authorization/Check',
    ...{ requestStream: false, responseStream: false },
    ...{ requestSerialize: bytes, requestDeserialize: bytes },
    ...{ responseSerialize: bytes, responseDeserialize: bytes },
  },
};
