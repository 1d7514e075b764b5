import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { SignalStream } from '../../core/signal-stream.ts';
import { EVENTS_SUPPORTED } from './event-types.ts';
import type { LiveStream } from './live-stream.ts';
import { type SubjectProfile, sameValue } from './subject.ts';

/** Delivery methods of SSF 1.0, and the one of before. */
export const PUSH_METHOD = 'urn:ietf:rfc:8935';
export const POLL_METHOD = 'urn:ietf:rfc:8936';
export const LEGACY_PUSH_METHOD = 'https://schemas.openid.net/secevent/risc/delivery-method/push';
const LEGACY_POLL_METHOD = 'https://schemas.openid.net/secevent/risc/delivery-method/poll';

/** Where a push stream goes; sealed before it is written anywhere. */
export interface PushAddress {
  readonly url: string;
  readonly authorization: string | null;
}

/** What a receiver says of its stream. Absent members were not sent. */
export interface StreamRequest {
  readonly streamId?: string;
  /** `poll`, or where to push. */
  readonly delivery?: 'poll' | PushAddress;
  readonly eventsRequested?: readonly string[];
  readonly description?: string;
  readonly subjectProfile?: SubjectProfile;
  /** Everything as sent, for comparison with what only the transmitter may set. */
  readonly sent: Readonly<Record<string, unknown>>;
}

/** @throws TripcoilError `bad_request` for what is no stream configuration. */
export function parseStream(body: unknown): StreamRequest {
  const sent = objectOf(body);
  const { stream_id, delivery, events_requested, description, subject_profile } = sent;
  const request: { -readonly [Name in keyof StreamRequest]: StreamRequest[Name] } = { sent };
  if (stream_id !== undefined) request.streamId = textOf(stream_id, 'stream_id');
  if (delivery !== undefined && delivery !== null) request.delivery = deliveryOf(delivery);
  if (events_requested !== undefined) request.eventsRequested = typesOf(events_requested);
  if (description !== undefined) {
    const text = textOf(description, 'description');
    // A prefix is allowed (SSF 1.0 section 8.1.1).
    request.description = text.slice(0, LIMITS.streamDescriptionChars);
  }
  if (subject_profile !== undefined) {
    if (subject_profile !== 'iss_sub' && subject_profile !== 'complex') {
      throw invalid('`subject_profile` is `iss_sub` or `complex`');
    }
    request.subjectProfile = subject_profile;
  }
  return request;
}

/** The configuration as receivers read it (SSF 1.0 section 8.1.1); no secret is repeated. */
export function streamBody(
  live: LiveStream,
  issuer: string,
  address: PushAddress | null,
  legacy: boolean,
): Readonly<Record<string, unknown>> {
  const { stream } = live;
  const push = legacy ? LEGACY_PUSH_METHOD : PUSH_METHOD;
  const poll = legacy ? LEGACY_POLL_METHOD : POLL_METHOD;
  return {
    stream_id: stream.id,
    iss: issuer,
    aud: stream.audience,
    events_supported: EVENTS_SUPPORTED,
    ...(stream.eventsRequested?.length ? { events_requested: stream.eventsRequested } : {}),
    events_delivered: live.eventsDelivered,
    delivery:
      stream.delivery === 'poll'
        ? { method: poll, endpoint_url: pollUrl(issuer, stream) }
        : { method: push, endpoint_url: address?.url ?? '' },
    min_verification_interval: LIMITS.streamVerificationMs / 1_000,
    ...(stream.description === null ? {} : { description: stream.description }),
    subject_profile: stream.subjectProfile,
  };
}

/** What only the transmitter may set must be as it is, where it is sent at all. */
export function refuseForeign(
  sent: Readonly<Record<string, unknown>>,
  present: Readonly<Record<string, unknown>>,
): void {
  for (const name of ['stream_id', 'iss', 'aud', 'events_supported', 'events_delivered']) {
    if (sent[name] === undefined || sameValue(sent[name], present[name])) continue;
    throw invalid(`\`${name}\` is set by the transmitter`);
  }
}

export function objectOf(body: unknown): Readonly<Record<string, unknown>> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
    return body as Readonly<Record<string, unknown>>;
  }
  throw invalid('a JSON object is expected');
}

export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value.length <= LIMITS.streamTextChars) return value;
  throw invalid(`\`${name}\` is no string, or too long`);
}

function pollUrl(issuer: string, { id }: SignalStream): string {
  return `${issuer}/ssf/streams/${id}/poll`;
}

function deliveryOf(value: unknown): 'poll' | PushAddress {
  const { method, endpoint_url, authorization_header } = objectOf(value);
  if (method === POLL_METHOD || method === LEGACY_POLL_METHOD) return 'poll';
  if (method !== PUSH_METHOD && method !== LEGACY_PUSH_METHOD) {
    throw invalid('`delivery.method` is not supported');
  }
  const authorization =
    authorization_header === undefined || authorization_header === null
      ? null
      : textOf(authorization_header, 'delivery.authorization_header');
  if (authorization !== null && !/^[\x20-\x7e]*$/.test(authorization)) {
    throw invalid('`delivery.authorization_header` is no header value');
  }
  return { url: textOf(endpoint_url, 'delivery.endpoint_url'), authorization };
}

function typesOf(value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > LIMITS.streamEventTypes) {
    throw invalid('`events_requested` is no list, or too long');
  }
  return value.map((type) => textOf(type, 'events_requested'));
}

export function invalid(message: string): TripcoilError {
  return new TripcoilError('bad_request', message);
}
