import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { shareOf } from '../../ports/ingest.ts';
import { mediaType } from '../body.ts';
import type { ReceiverOptions } from '../http-answer.ts';
import {
  authenticate,
  OTHER_METHODS,
  publicError,
  setErrorHeaders,
  statusOf,
  takeRawBodies,
} from '../http-answer.ts';
import type { OtlpSignal } from './intake.ts';
import { OtlpIntake } from './intake.ts';
import type { OtlpEncoding } from './record.ts';
import type { PartialSuccess } from './response.ts';
import { exportResponse, MEDIA_TYPES, rpcStatus } from './response.ts';

export interface OtlpReceiverOptions extends ReceiverOptions {
  /** Shared with the other OTLP receivers of the process; without it one of its own. */
  readonly intake?: OtlpIntake;
  /** Whether the server serves nothing else: OTLP's rule then answers every other address. */
  readonly alone?: boolean;
}

type Options = OtlpReceiverOptions & { readonly intake: OtlpIntake };

/**
 * OTLP/HTTP 1.11: `POST /v1/traces`, `/v1/logs`, `/v1/metrics` and `/v1development/profiles`, also
 * below a prefix of one or two path segments, protobuf and JSON by media type, gzip or not. Of
 * metrics the tokens and cost of agents are read; profiles are accepted and thrown away. Registers
 * its body parser in its own scope, so that it may sit beside other routes and on several ports.
 */
export function otlpReceiver(given: OtlpReceiverOptions): FastifyPluginAsync {
  const options = { ...given, intake: given.intake ?? new OtlpIntake(given) };
  return async (app) => {
    takeRawBodies(app);
    // What Fastify refuses by itself, such as a content type that is none.
    app.setErrorHandler((error: { readonly statusCode?: number }, request, reply) => {
      const status = (error.statusCode ?? 500) < 500 ? 415 : 500;
      return refuse(reply, encodingOf(request) ?? 'json', status, 'the request is not understood');
    });
    if (options.alone) {
      app.all('/*', (request, reply) =>
        refuse(
          reply,
          encodingOf(request) ?? 'json',
          404,
          'served are /v1/traces, logs and metrics',
        ),
      );
    }
    for (const signal of SIGNALS) {
      for (const prefix of PREFIXES) {
        const url = `${prefix}${signal.path}`;
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

/** Where each kind of telemetry is sent, and what its rejects are called. */
const SIGNALS: readonly {
  readonly signal: OtlpSignal;
  readonly path: string;
  readonly countName: Parameters<typeof exportResponse>[1];
}[] = [
  { signal: 'traces', path: '/v1/traces', countName: 'rejectedSpans' },
  { signal: 'logs', path: '/v1/logs', countName: 'rejectedLogRecords' },
  { signal: 'metrics', path: '/v1/metrics', countName: 'rejectedDataPoints' },
  { signal: 'profiles', path: '/v1development/profiles', countName: 'rejectedProfiles' },
];

const PREFIXES = ['', '/:prefix', '/:prefix/:subprefix'];

async function receive(
  options: Options,
  { signal, countName }: (typeof SIGNALS)[number],
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const encoding = encodingOf(request);
  try {
    const partial = await accept(options, signal, request, encoding);
    const body = exportResponse(encoding ?? 'json', countName, partial);
    return reply.type(MEDIA_TYPES[encoding ?? 'json']).send(body);
  } catch (error) {
    const status = statusOf(error);
    const { code, message } = publicError(error);
    const source = `otlp.${signal}`;
    options.metrics.count('tripcoil_ingest_rejects_total', { source, code });
    options.notes?.turnedAway(source, code);
    const fields = { format: source, status, code };
    if (status === 500) options.log.error('request failed', { ...fields, error: nameOf(error) });
    else options.log.debug('request refused', fields);
    return refuse(reply, encoding ?? 'json', status, message);
  }
}

async function accept(
  { authenticator, bodies, intake }: Options,
  signal: OtlpSignal,
  request: FastifyRequest,
  encoding: OtlpEncoding | null,
): Promise<PartialSuccess | null> {
  const sender = authenticate(request, authenticator);
  if (encoding === null) {
    throw new TripcoilError(
      'unsupported_media_type',
      'media types: application/x-protobuf, application/json',
    );
  }
  intake.admit(signal, sender);
  const share = shareOf(sender);
  const { bytes, sentBytes, release } = await bodies.read(request.raw, request.headers, share);
  return intake.receive({ signal, sender, encoding, bytes, sentBytes }, release);
}

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
