import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { type Role, shareOf } from '../../ports/ingest.ts';
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
import { type RecordAnswer, recordAnswer } from '../record-answer.ts';
import { noteRejects } from '../record-shape.ts';
import type { NativeBatch, Shape } from './records.ts';
import { parseNativeBody } from './records.ts';

/** `path` and `role` serve the import of history, which takes another right than sending. */
export interface NativeReceiverOptions extends ReceiverOptions {
  /** `/v1/events` unless given. */
  readonly path?: string;
  /** `ingest` unless given. */
  readonly role?: Role;
}

/**
 * `POST /v1/events`: native events as one object, an array or NDJSON, gzip or not, also without a
 * content type. Good records land whatever their neighbours are.
 */
export function nativeReceiver(options: NativeReceiverOptions): FastifyPluginAsync {
  return async (app) => {
    const url = options.path ?? '/v1/events';
    takeRawBodies(app);
    // What Fastify refuses by itself, such as a content type that is none.
    app.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
      const refused = (error.statusCode ?? 500) < 500;
      const code = refused ? 'unsupported_media_type' : 'internal';
      const body = { code, message: 'the request is not understood' };
      return reply.code(refused ? 415 : 500).send(body);
    });
    app.post(url, (request, reply) => receive(options, request, reply));
    app.route({
      method: OTHER_METHODS,
      url,
      handler: (_request, reply) =>
        reply
          .code(405)
          .header('allow', 'POST')
          .send({ code: 'bad_request', message: 'only POST is served here' }),
    });
  };
}

const FORMAT = 'native';

/** Undeclared types are looked into, since some senders of audit records set none. */
const SHAPES: ReadonlyMap<string, Shape | null> = new Map<string, Shape | null>([
  ['', null],
  ['application/json', null],
  ['application/octet-stream', null],
  ['text/plain', null],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/x-jsonlines', 'ndjson'],
]);

async function receive(
  options: NativeReceiverOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { metrics, log } = options;
  try {
    return reply.send(await accept(options, request));
  } catch (error) {
    const status = statusOf(error);
    const body = publicError(error);
    metrics.count('tripcoil_ingest_rejects_total', { source: FORMAT, code: body.code });
    options.notes?.turnedAway(FORMAT, body.code);
    const fields = { format: FORMAT, status, code: body.code };
    if (status === 500) {
      log.error('request failed', { ...fields, error: error instanceof Error ? error.name : '' });
    } else log.debug('request refused', fields);
    setErrorHeaders(reply, status);
    return reply.code(status).send(body);
  }
}

async function accept(
  options: NativeReceiverOptions,
  request: FastifyRequest,
): Promise<RecordAnswer> {
  const { ingest, metrics } = options;
  const sender = authenticate(request, options.authenticator, options.role);
  const shape = SHAPES.get(mediaType(request.headers['content-type']));
  if (shape === undefined) {
    const message = 'media types: application/json, application/x-ndjson';
    throw new TripcoilError('unsupported_media_type', message);
  }
  refuseWhenOverloaded(ingest, sender);
  const body = await options.bodies.read(request.raw, request.headers, shareOf(sender));
  await ingest.turn(sender, 'begin');
  metrics.count('tripcoil_ingest_bytes_total', { source: FORMAT }, body.sentBytes);
  let batch: NativeBatch;
  try {
    batch = await parseNativeBody(body.bytes, shape, () => ingest.turn(sender, 'next'));
  } finally {
    body.release();
  }
  countRejects(metrics, FORMAT, batch.rejects);
  noteRejects(options.notes, sender, FORMAT, batch.rejects);
  const { events, positions } = batch;
  const result =
    events.length === 0
      ? { accepted: 0, duplicates: 0, rejects: [] }
      : await ingest.submit({ sender, events, positions });
  const rejects = [...batch.rejects, ...result.rejects];
  return recordAnswer({ ...result, ignored: 0, rejects }, batch.shape);
}
