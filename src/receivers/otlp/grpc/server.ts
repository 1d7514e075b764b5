import type { ServerUnaryCall, ServiceDefinition, sendUnaryData } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { assert, TripcoilError } from '../../../core/errors.ts';
import { LIMITS } from '../../../core/limits.ts';
import type { Authenticator } from '../../../ports/authenticator.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { IngestNotes } from '../../../ports/ingest-notes.ts';
import type { Log } from '../../../ports/log.ts';
import type { Metrics } from '../../../ports/metrics.ts';
import { publicError } from '../../http-answer.ts';
import type { OtlpIntake, OtlpSignal } from '../intake.ts';
import { exportResponse } from '../response.ts';
import { Admission } from './admission.ts';
import type { CallStatus } from './status.ts';
import { statusOfError } from './status.ts';

export interface OtlpGrpcOptions {
  readonly intake: OtlpIntake;
  readonly notes?: IngestNotes;
  readonly authenticator: Authenticator;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly clock: Clock;
  /** Of one message, sent or decompressed; the body limit of OTLP/HTTP by default. */
  readonly messageBytes?: number;
  /** Plain text without. */
  readonly credentials?: ServerCredentials;
}

export interface OtlpGrpcReceiver {
  /** Resolves to the port as bound. @throws Error with the system's `code` in its message. */
  listen(host: string, port: number): Promise<number>;
  /** Refuses new calls, lets those under way end within `LIMITS.shutdownGraceMs`. Safe twice. */
  close(): Promise<void>;
}

/**
 * OTLP/gRPC 1.11: the Export method of the trace, logs and metrics services, gzip or identity. The
 * messages are handed on as bytes to the decoder that OTLP/HTTP uses; there is no generated code.
 * A bearer token is expected in the metadata `authorization`.
 */
export function createOtlpGrpcReceiver(options: OtlpGrpcOptions): OtlpGrpcReceiver {
  const refused = (path: string, error: unknown): CallStatus => {
    const source = `otlp.${signalOfPath(path) ?? 'traces'}`;
    const { code } = publicError(error);
    options.metrics.count('tripcoil_ingest_rejects_total', { source, code });
    options.notes?.turnedAway(source, code);
    const fields = { format: source, transport: 'grpc', code };
    if (error instanceof TripcoilError) options.log.debug('call refused', fields);
    else options.log.error('call failed', { ...fields, error: nameOf(error) });
    return statusOfError(error);
  };
  const admission = new Admission({
    ...{ authenticator: options.authenticator, clock: options.clock, refused },
    admit: (path, sender) => options.intake.admit(signalOfPath(path) ?? 'traces', sender),
  });
  const { messageBytes = LIMITS.bodyBytes, credentials = ServerCredentials.createInsecure() } =
    options;
  const server = new Server({
    interceptors: [admission.interceptor],
    'grpc.max_receive_message_length': messageBytes,
    'grpc.max_concurrent_streams': LIMITS.grpcStreamsPerConnection,
  });
  for (const [signal, path] of PATHS) {
    server.addService(serviceOf(path), {
      export: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        receive(options.intake, admission, signal, call).then(
          (response) => answer(null, response),
          (error: unknown) => answer(refused(path, error)),
        );
      },
    });
  }
  let closed: Promise<void> | null = null;
  return {
    listen: (host, port) => listen(server, credentials, host, port),
    close: () => {
      closed ??= close(server, options.clock);
      return closed;
    },
  };
}

const PATHS: readonly (readonly [OtlpSignal, string])[] = [
  ['traces', '/opentelemetry.proto.collector.trace.v1.TraceService/Export'],
  ['logs', '/opentelemetry.proto.collector.logs.v1.LogsService/Export'],
  ['metrics', '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'],
];

function signalOfPath(path: string): OtlpSignal | undefined {
  return PATHS.find(([, served]) => served === path)?.[0];
}

/** A service by hand, with bytes for messages. */
function serviceOf(path: string): ServiceDefinition {
  const bytes = (message: Buffer): Buffer => message;
  return {
    export: {
      path,
      requestStream: false,
      responseStream: false,
      ...{ requestSerialize: bytes, requestDeserialize: bytes },
      ...{ responseSerialize: bytes, responseDeserialize: bytes },
    },
  };
}

async function receive(
  intake: OtlpIntake,
  admission: Admission,
  signal: OtlpSignal,
  call: ServerUnaryCall<Buffer, Buffer>,
): Promise<Buffer> {
  const sender = admission.senderOf(call.metadata);
  assert(sender !== undefined, 'a call without admission');
  const bytes = call.request;
  const request = { signal, sender, encoding: 'protobuf', bytes, sentBytes: bytes.length } as const;
  const partial = await intake.receive(request, () => {});
  // All three responses number their fields alike.
  return exportResponse('protobuf', 'rejectedSpans', partial);
}

function listen(
  server: Server,
  credentials: ServerCredentials,
  host: string,
  port: number,
): Promise<number> {
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

async function close(server: Server, clock: Clock): Promise<void> {
  const ended = new AbortController();
  const graceful = new Promise<void>((resolve) => {
    server.tryShutdown(() => resolve());
  });
  await Promise.race([graceful, clock.sleep(LIMITS.shutdownGraceMs, ended.signal)]);
  ended.abort();
  server.forceShutdown();
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
