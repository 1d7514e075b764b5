/** An OTLP/JSON trace request, as far as an export of Langfuse fills it. */
export interface TraceRequest {
  readonly resourceSpans: readonly ResourceSpans[];
}

interface ResourceSpans {
  readonly resource: { readonly attributes: readonly KeyValue[] };
  readonly scopeSpans: readonly { readonly scope: { name: string }; readonly spans: [Span] }[];
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes: readonly KeyValue[];
}

interface KeyValue {
  readonly key: string;
  readonly value: { readonly stringValue: string };
}

type Members = Readonly<Record<string, unknown>>;

/**
 * The spans that Langfuse was sent, rebuilt from what it exports: a trace with its `observations`
 * (the download of a trace, and `GET /api/public/traces/{id}`), a page of them under `data`
 * (`GET /api/public/observations`), or a list. The attributes that came over OpenTelemetry stand
 * in the `metadata` of each observation, as an object or as its JSON text; those of Langfuse's own
 * SDK became columns. Null for anything else, and for an export that holds no observation.
 */
export function langfuseRequest(value: unknown): TraceRequest | null {
  const document = membersOf(value);
  const observations = Array.isArray(value)
    ? value
    : (document['observations'] ?? document['data']);
  if (!Array.isArray(observations) || observations.length === 0) return null;
  if (!observations.every(isObservation)) return null;
  const nested = membersOf(document['trace']);
  const trace = Object.hasOwn(nested, 'id') ? nested : document;
  return { resourceSpans: observations.map((each) => resourceSpansOf(each, trace)) };
}

/** By members that no record of another product has together. */
function isObservation(value: unknown): value is Members {
  const { id, traceId, startTime, type } = membersOf(value);
  const isNamed = [id, traceId, startTime, type].every((each) => typeof each === 'string');
  return isNamed && Object.hasOwn(value as object, 'parentObservationId');
}

function resourceSpansOf(observation: Members, trace: Members): ResourceSpans {
  const metadata = metadataOf(observation['metadata']);
  const scope = textOf(membersOf(metadata['scope'])['name']);
  const { startTime } = observation;
  const attributes = {
    'session.id': trace['sessionId'],
    'user.id': trace['userId'],
    ...(scope === OWN_SCOPE ? ownAttributes(observation, metadata) : {}),
    ...membersOf(metadata['attributes']),
  };
  const span: Span = {
    traceId: textOf(observation['traceId']),
    spanId: textOf(observation['id']),
    parentSpanId: textOf(observation['parentObservationId']),
    name: textOf(observation['name']),
    ...nanoTime('startTimeUnixNano', startTime),
    ...nanoTime('endTimeUnixNano', observation['endTime'] ?? startTime),
    attributes: pairs(attributes),
  };
  return {
    resource: { attributes: pairs(membersOf(metadata['resourceAttributes'])) },
    scopeSpans: [{ scope: { name: scope }, spans: [span] }],
  };
}

const OWN_SCOPE = 'langfuse-sdk';

/** Langfuse takes its own SDK's attributes apart into columns; this puts them back. */
function ownAttributes(observation: Members, metadata: Members): Members {
  const { attributes: _a, resourceAttributes: _r, scope: _s, ...own } = metadata;
  const { type, input, output, model, usageDetails, costDetails } = observation;
  const named = Object.entries(own).map(([key, value]) => [`${METADATA}.${key}`, value]);
  return {
    ...Object.fromEntries(named),
    'langfuse.observation.type': textOf(type).toLowerCase(),
    'langfuse.observation.input': input,
    'langfuse.observation.output': output,
    'langfuse.observation.model.name': model,
    'langfuse.observation.usage_details': usageDetails,
    'langfuse.observation.cost_details': costDetails,
  };
}

const METADATA = 'langfuse.observation.metadata';

function pairs(attributes: Members): readonly KeyValue[] {
  return Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined || value === null) return [];
    const stringValue = typeof value === 'string' ? value : JSON.stringify(value);
    return [{ key, value: { stringValue } }];
  });
}

/** Without a time that is none, the span is refused as any span without one. */
function nanoTime(name: string, time: unknown): object {
  const ms = Date.parse(textOf(time));
  return Number.isNaN(ms) || ms < 0 ? {} : { [name]: `${ms}000000` };
}

function metadataOf(value: unknown): Members {
  if (typeof value !== 'string') return membersOf(value);
  try {
    return membersOf(JSON.parse(value));
  } catch {
    return {};
  }
}

function membersOf(value: unknown): Members {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Members) : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
