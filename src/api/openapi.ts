import * as z from 'zod';
import { ENFORCEMENT_PATHS } from './openapi-enforcement.ts';
import { RECORDS_TAKEN } from './records-taken.ts';
import type { Route } from './route.ts';
import * as schemas from './schemas.ts';

type Json = { readonly [name: string]: unknown };

/** The description of the API, made from the schemas that check it. OpenAPI 3.1. */
export function openApiDocument(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    const operations = paths[path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route);
    paths[path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tripcoil',
      version,
      description: 'Observability and anomaly circuit breakers for brokered AI agents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: { ...paths, ...PLAIN_PATHS, ...ENFORCEMENT_PATHS },
    components: {
      schemas: { Error: jsonSchema(schemas.ERROR, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ token: [] }],
  };
}

function operationOf(route: Route): Json {
  const parameters = [...parametersOf(route.params, 'path'), ...parametersOf(route.query, 'query')];
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replaceAll(/[^A-Za-z0-9]+/g, '_')}`,
    summary: route.summary,
    description: `Needs one of these roles: ${route.access.join(', ')}.`,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === null ? {} : { requestBody: requestBodyOf(route, route.body) }),
    responses: {
      200: { description: 'Done.', content: json(jsonSchema(route.answer, 'output')) },
      default: { description: 'An error.', content: json(ERROR_REFERENCE) },
    },
  };
}

/** The grants file is a document of its own, described beside its parser. */
function requestBodyOf(route: Route, body: z.ZodType): Json {
  if (route.path !== '/v1/grants') {
    return { required: true, content: json(jsonSchema(body, 'input')) };
  }
  const schema = { type: 'object', description: 'The grants file; see docs/grants.md.' };
  return { required: true, content: { ...json(schema), 'application/yaml': { schema } } };
}

function parametersOf(schema: z.ZodType | null, place: 'path' | 'query'): readonly Json[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

function json(schema: Json): Json {
  return { 'application/json': { schema } };
}

const ERROR_REFERENCE: Json = { $ref: '#/components/schemas/Error' };

function plain(
  summary: string,
  contentType: string,
  open: boolean,
  parameters: readonly Json[] = [],
): Json {
  const responses = { 200: { description: 'Done.', content: { [contentType]: {} } } };
  const named = parameters.length === 0 ? {} : { parameters };
  return { get: { summary, ...(open ? { security: [] } : {}), ...named, responses } };
}

/** A body described elsewhere, by the types of content it may have. */
function taken(
  summary: string,
  role: string,
  types: readonly string[],
  more: Json = {},
  answer: Json = {},
): Json {
  const content = Object.fromEntries(types.map((type) => [type, {}]));
  return {
    post: {
      summary,
      description: `Needs the role ${role}.`,
      ...more,
      requestBody: { required: true, content },
      responses: {
        200: { description: 'Taken; the answer counts what was refused.', ...answer },
        default: { description: 'An error.', content: json(ERROR_REFERENCE) },
      },
    },
  };
}

function text(name: string, place: 'path' | 'query'): Json {
  return { name, in: place, required: true, schema: { type: 'string' } };
}

/** Records in, and an answer that accounts for each. */
function records(summary: string, role: string, types: readonly string[], more: Json = {}): Json {
  return taken(summary, role, types, more, {
    content: json(jsonSchema(RECORDS_TAKEN, 'output')),
  });
}

const JSON_TYPES: readonly string[] = ['application/json', 'application/x-ndjson'];
const OTLP_TYPES: readonly string[] = ['application/x-protobuf', 'application/json'];

/** What answers in another form than JSON bodies of the contract. */
const PLAIN_PATHS: Json = {
  '/v1/events': records('Native events; see docs/formats.', 'ingest', JSON_TYPES),
  '/v1/history': records('Native events to learn from; nothing trips.', 'operator', JSON_TYPES),
  '/v1/traces': taken('OTLP/HTTP traces.', 'ingest', OTLP_TYPES),
  '/v1/logs': taken('OTLP/HTTP logs.', 'ingest', OTLP_TYPES),
  '/v1/metrics': taken('OTLP/HTTP metrics.', 'ingest', OTLP_TYPES),
  '/v1/cloudevents': records('CloudEvents.', 'ingest', ['application/cloudevents+json']),
  '/v1/audit': records('Audit records, their format told by form.', 'ingest', JSON_TYPES),
  '/v1/audit/{format}': records(
    'Audit records of other products, by format; see docs/formats.',
    'ingest',
    JSON_TYPES,
    { parameters: [text('format', 'path')] },
  ),
  '/v1/check': taken('Whether an action may go ahead now.', 'broker', ['application/json']),
  '/v1/breakers/ack': taken('A broker applied an epoch.', 'broker', ['application/json']),
  '/v1/breakers/snapshot': plain(
    'Open breakers of a tenant as of one position of the feed; see docs/feed.md.',
    'application/json',
    false,
    [text('tenant', 'query'), text('signed', 'query')],
  ),
  '/v1/breakers/changes': plain(
    'What changed since a position of the feed, also as a long poll; see docs/feed.md.',
    'application/json',
    false,
    ['tenant', 'after', 'wait', 'signed'].map((name) => text(name, 'query')),
  ),
  '/v1/breakers/jwks.json': plain('Keys that sign the feed.', 'application/json', true),
  '/v1/breakers/feed': plain(
    'Server-sent events for brokers, from a position on; see docs/feed.md.',
    'text/event-stream',
    false,
    [text('tenant', 'query'), text('signed', 'query')],
  ),
  '/.well-known/ssf-configuration/t/{tenant}': plain(
    'Shared Signals transmitter metadata of a tenant.',
    'application/json',
    true,
    [text('tenant', 'path')],
  ),
  '/t/{tenant}/jwks.json': plain(
    'Keys that sign the security event tokens of a tenant.',
    'application/json',
    true,
    [text('tenant', 'path')],
  ),
  '/v1/stream': plain(
    'Server-sent events for the web interface: `finding`, `transition`, `status`.',
    'text/event-stream',
    false,
  ),
  '/healthz': plain('Whether the process runs.', 'application/json', true),
  '/readyz': {
    get: {
      summary: 'Whether it takes events now, and if not, why.',
      security: [],
      responses: {
        200: { description: 'Yes.', content: json(jsonSchema(schemas.READINESS, 'output')) },
        503: { description: 'No.', content: json(jsonSchema(schemas.READINESS, 'output')) },
      },
    },
  },
  '/metrics': plain('Own metrics, for Prometheus.', 'text/plain', false),
  '/openapi.json': plain('This document.', 'application/json', true),
};
