import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { TripcoilError } from '../../core/errors.ts';
import { didYouMean } from '../../core/nearest.ts';
import type { Clock } from '../../ports/clock.ts';
import { shareOf } from '../../ports/ingest.ts';
import { mediaType } from '../body.ts';
import type { ReceiverOptions } from '../http-answer.ts';
import {
  authenticate,
  countRejects,
  publicError,
  refuseWhenOverloaded,
  setErrorHeaders,
  statusOf,
  takeRawBodies,
} from '../http-answer.ts';
import { type RecordAnswer, recordAnswer } from '../record-answer.ts';
import { noteRejects } from '../record-shape.ts';
import { runInTurns } from '../steps.ts';
import { type TenantOfAccount, withTenant } from './accounts.ts';
import type { AuditBatch, AuditReading } from './audit-body.ts';
import { auditBatchOf, auditBodySteps } from './audit-body.ts';
import { binaryCloudEvent, isBinaryCloudEvent } from './cloudevents/binary.ts';
import { allowDelivery } from './cloudevents/handshake.ts';
import type { AuditFormat } from './format.ts';
import { AUDIT_FORMATS } from './formats.ts';
import type { Shape } from './records.ts';

export interface AuditReceiverOptions extends ReceiverOptions {
  /** Stands in for the time of records that state none. */
  readonly clock: Clock;
  /** Those of the deployment; the built-in ones where absent. */
  readonly formats?: ReadonlyMap<string, AuditFormat>;
  /** A vendor's account as a tenant here, such as an AWS account; undefined leaves it open. */
  readonly tenantOfAccount?: TenantOfAccount;
}

/**
 * `POST /v1/audit/{format}`, `POST /v1/audit` with auto-detection and `POST /v1/cloudevents`
 * (binary, structured, batch), with the handshake of CloudEvents webhooks. A record that is bad is
 * answered by value with 200, since a status of 4xx makes some senders retry for ever and blocks
 * a Vault whose audit device it is.
 */
export function auditReceiver(options: AuditReceiverOptions): FastifyPluginAsync {
  const formats = options.formats ?? AUDIT_FORMATS;
  return async (app) => {
    takeRawBodies(app);
    app.setErrorHandler((error: { readonly statusCode?: number }, _request, reply) => {
      const refused = (error.statusCode ?? 500) < 500;
      const code = refused ? 'unsupported_media_type' : 'internal';
      const body = { code, message: 'the request is not understood' };
      return reply.code(refused ? 415 : 500).send(body);
    });
    for (const url of ['/v1/audit', '/v1/audit/:format', '/v1/cloudevents']) {
      const fixed = url === '/v1/cloudevents' ? 'cloudevents' : 'auto';
      app.post<{ Params: { readonly format?: string } }>(url, (request, reply) =>
        receive({ options, formats }, request, reply, request.params.format ?? fixed),
      );
      app.options(url, (request, reply) => allowDelivery(request, reply));
      app.route({
        method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
        url,
        handler: (_request, reply) =>
          reply
            .code(405)
            .header('allow', 'POST, OPTIONS')
            .send({ code: 'bad_request', message: 'only POST is served here' }),
      });
    }
  };
}

interface Receiver {
  readonly options: AuditReceiverOptions;
  readonly formats: ReadonlyMap<string, AuditFormat>;
}

async function receive(
  receiver: Receiver,
  request: FastifyRequest,
  reply: FastifyReply,
  format: string,
): Promise<FastifyReply> {
  const { metrics, log } = receiver.options;
  // A name from the address is a label only when it is one of ours.
  const source = receiver.formats.has(format) ? format : 'audit';
  try {
    const answer = await accept(receiver, request, format, source);
    return send(request, reply, answer, format === 'cloudevents');
  } catch (error) {
    const status = statusOf(error);
    const body = publicError(error);
    metrics.count('tripcoil_ingest_rejects_total', { source, code: body.code });
    receiver.options.notes?.turnedAway(source, body.code);
    const fields = { format: source, status, code: body.code };
    if (status === 500) {
      log.error('request failed', { ...fields, error: error instanceof Error ? error.name : '' });
    } else log.debug('request refused', fields);
    setErrorHeaders(reply, status);
    return reply.code(status).send(body);
  }
}

async function accept(
  { options, formats }: Receiver,
  request: FastifyRequest,
  format: string,
  source: string,
): Promise<RecordAnswer> {
  const { ingest, metrics, clock } = options;
  const sender = authenticate(request, options.authenticator);
  if (format !== 'auto' && !formats.has(format)) {
    const known = ['auto', ...[...formats.keys()].sort()];
    const meant = didYouMean(format, known) || '/v1/audit recognises the format by itself';
    throw new TripcoilError('not_found', `no audit format has this name; ${meant}`);
  }
  const takesBinary = format === 'cloudevents' || format === 'auto';
  const isBinary = takesBinary && isBinaryCloudEvent(request.headers, 'ce-');
  const shape = isBinary ? null : shapeOf(request.headers['content-type']);
  refuseWhenOverloaded(ingest, sender);
  const body = await options.bodies.read(request.raw, request.headers, shareOf(sender));
  await ingest.turn(sender, 'begin');
  metrics.count('tripcoil_ingest_bytes_total', { source }, body.sentBytes);
  let batch: AuditBatch;
  try {
    const reading: AuditReading = { format, formats, receivedAt: clock.now() };
    batch = isBinary
      ? auditBatchOf(binaryCloudEvent(request.headers, 'ce-', body.bytes), {
          ...reading,
          format: 'cloudevents',
        })
      : await runInTurns(auditBodySteps(body.bytes, shape, reading), () =>
          ingest.turn(sender, 'next'),
        );
  } finally {
    body.release();
  }
  countRejects(metrics, source, batch.rejects);
  noteRejects(options.notes, sender, source, batch.rejects);
  const accounts = { formats, tenantOfAccount: options.tenantOfAccount };
  const events = batch.events.map((event) => withTenant(event, sender, accounts));
  const { positions } = batch;
  const result =
    events.length === 0
      ? { accepted: 0, duplicates: 0, rejects: [] }
      : await ingest.submit({ sender, events, positions });
  const rejects = [...batch.rejects, ...result.rejects];
  return recordAnswer({ ...result, ignored: batch.ignored, rejects }, batch.shape);
}

/** Undeclared types are looked into: the HTTP audit device of OpenBao sets none. */
const SHAPES: ReadonlyMap<string, Shape | null> = new Map<string, Shape | null>([
  ['', null],
  ['application/json', null],
  ['application/octet-stream', null],
  ['application/x-www-form-urlencoded', null],
  ['text/plain', null],
  ['application/cloudevents+json', null],
  ['application/cloudevents-batch+json', 'array'],
  ['application/gzip', null],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/x-jsonlines', 'ndjson'],
]);

function shapeOf(header: string | undefined): Shape | null {
  const shape = SHAPES.get(mediaType(header));
  if (shape !== undefined) return shape;
  const message =
    'media types: application/json, application/x-ndjson, application/cloudevents+json, ' +
    'application/cloudevents-batch+json; or a CloudEvent in binary mode';
  throw new TripcoilError('unsupported_media_type', message);
}

/**
 * Brokers of CloudEvents (Knative) take any body that is no event for a failure and deliver again,
 * so there the answer is without one, and the counts stand in headers, unless JSON is asked for.
 */
function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: RecordAnswer,
  isCloudEvents: boolean,
): FastifyReply {
  const wanted = request.headers.accept;
  if (!isCloudEvents || (wanted !== undefined && /json|\*\/\*/i.test(wanted))) {
    return reply.send(answer);
  }
  return reply
    .code(204)
    .header('tripcoil-accepted', String(answer.accepted))
    .header('tripcoil-duplicates', String(answer.duplicates))
    .header('tripcoil-ignored', String(answer.ignored))
    .header('tripcoil-rejected', String(answer.rejected_count))
    .send();
}
