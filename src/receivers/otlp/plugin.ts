import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import type { Reject } from '../../core/reject.ts';
import { mediaType } from '../body.ts';
import type { ReceiverOptions } from '../http-answer.ts';
import {
  authenticate,
  countRejects,
  OTHER_METHODS,
  publicError,
  refuseWhenOverloaded,
  setErrorHeaders,
  statusOf,
  takeRawBodies,
} from '../http-answer.ts';
import { decodeOtlpLogs, decodeOtlpTraces } from './decode.ts';
import type { Normalised } from './normalise.ts';
import type { OtlpEncoding } from './record.ts';
import type { PartialSuccess } from './response.ts';
import { exportResponse, MEDIA_TYPES, rpcStatus } from './response.ts';

/**
 * OTLP/HTTP 1.11: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, also below a prefix of one or
 * two path segments, protobuf and JSON by media type, gzip or not. Metrics are accepted and thrown
 * away, since SDKs send them along. Registers its body parser in its own scope, so that it may sit
 * beside other routes and on several ports.
 */
export function otlpReceiver(options: ReceiverOptions): FastifyPluginAsync {
  return async (app) => {
    takeRawBodies(app);
    // What Fastify refuses by itself, such as a content type that is none.
    app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
      const status = (error.statusCode ?? 500) < 500 ? 415 : 500;
      return refuse(reply, encodingOf(request) ?? 'json', status, 'the request is not understood');
    });
    for (const signal of SIGNALS) {
      for (const prefix of PREFIXES) {
        const url = `${prefix}/v1/${signal.path}`;
        app.post(url, (request, reply) => receive(options, signal, request, reply));
        app.route({
          method: OTHER_METHODS,
          url,
          handler: (request, reply) => {
            reply.header('allow', 'POST');
            return refuse(reply, encodingOf(request) ?? 'json', 405, 'only POST is served here');
          },
        });
      }
    }
  };
}

/** One kind of telemetry: where it is sent, how it is read, how its rejects are counted. */
interface OtlpSignal {
  readonly path: 'traces' | 'logs' | 'metrics';
  readonly format: string;
  readonly countName: Parameters<typeof exportResponse>[1];
  readonly decode: ((bytes: Uint8Array, encoding: OtlpEncoding) => Normalised) | null;
}

const SIGNALS: readonly OtlpSignal[] = [
  {
    path: 'traces',
    format: 'otlp.traces',
    countName: 'rejectedSpans',
    decode: decodeOtlpTraces,
  },
  { path: 'logs', format: 'otlp.logs', countName: 'rejectedLogRecords', decode: decodeOtlpLogs },
  { path: 'metrics', format: 'otlp.metrics', countName: 'rejectedDataPoints', decode: null },
];

const PREFIXES = ['', '/:prefix', '/:prefix/:subprefix'];

async function receive(
  options: ReceiverOptions,
  signal: OtlpSignal,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const encoding = encodingOf(request);
  try {
    const partial = await accept(options, signal, request, encoding);
    const body = exportResponse(encoding ?? 'json', signal.countName, partial);
    return reply.type(MEDIA_TYPES[encoding ?? 'json']).send(body);
  } catch (error) {
    const status = statusOf(error);
    const { code, message } = publicError(error);
    options.metrics.count('tripcoil_ingest_rejects_total', { source: signal.format, code });
    const fields = { format: signal.format, status, code };
    if (status === 500) options.log.error('request failed', { ...fields, error: nameOf(error) });
    else options.log.debug('request refused', fields);
    return refuse(reply, encoding ?? 'json', status, message);
  }
}

async function accept(
  options: ReceiverOptions,
  signal: OtlpSignal,
  request: FastifyRequest,
  encoding: OtlpEncoding | null,
): Promise<PartialSuccess | null> {
  const sender = authenticate(request, options.authenticator);
  if (encoding === null) {
    throw new TripcoilError(
      'unsupported_media_type',
      'media types: application/x-protobuf, application/json',
    );
  }
  if (signal.decode !== null) refuseWhenOverloaded(options.ingest);
  const body = await options.bodies.read(request.raw, request.headers);
  const source = signal.format;
  options.metrics.count('tripcoil_ingest_bytes_total', { source }, body.sentBytes);
  let normalised: Normalised;
  try {
    if (signal.decode === null || body.bytes.length === 0) return null;
    normalised = signal.decode(body.bytes, encoding);
  } finally {
    body.release();
  }
  countRejects(options.metrics, source, normalised.rejects);
  options.metrics.count(
    'tripcoil_ingest_events_total',
    { source, result: 'ignored' },
    normalised.ignored,
  );
  const { events, positions } = normalised;
  const later =
    events.length > 0 ? await options.ingest.submit({ sender, events, positions }) : null;
  return summarise([...normalised.rejects, ...(later?.rejects ?? [])]);
}

function summarise(rejects: readonly Reject[]): PartialSuccess | null {
  const [first] = rejects;
  if (first === undefined) return null;
  const message = `first: ${first.code} at ${first.path}: ${first.message}`;
  return { rejected: rejects.length, message: message.slice(0, MESSAGE_CHARS) };
}

/** Far below the 4 MiB that a response may have. */
const MESSAGE_CHARS = 1_024;

function refuse(
  reply: FastifyReply,
  encoding: OtlpEncoding,
  status: number,
  message: string,
): FastifyReply {
  setErrorHeaders(reply, status);
  return reply
    .code(status)
    .type(MEDIA_TYPES[encoding])
    .send(rpcStatus(encoding, status, message));
}

function encodingOf(request: FastifyRequest): OtlpEncoding | null {
  const type = mediaType(request.headers['content-type']);
  if (type === 'application/json') return 'json';
  return type === 'application/x-protobuf' || type === 'application/protobuf' ? 'protobuf' : null;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
