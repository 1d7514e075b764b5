import type { Kind, Planter } from './planted-values.ts';

/** A new value planted at the place named. */
type Plant = (place: string) => string;

/** What becomes the id of an agent, a session, a chain, a token or an issuer. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  'agent.id',
  'session.id',
  'trace.trace_id',
  'decision.id',
  'token.jti',
  'token.txn',
  'token.iss',
  'gen_ai.agent.id',
  'gen_ai.conversation.id',
]);

const plantOf = (planter: Planter, kind: Kind, source: string): Plant => {
  return (place) => {
    const named = `${source} ${place}`;
    return IDENTIFIERS.has(place)
      ? planter.plantIdentifier(kind, named)
      : planter.plant(kind, named);
  };
};

/** A native event with a value in every place that takes a text. */
export function eventFullOf(planter: Planter, kind: Kind): Record<string, unknown> {
  const p = plantOf(planter, kind, 'event');
  // Dotted numbers are a version where one is expected.
  const dotted = kind === 'ipv4' ? () => '1.2.3' : p;
  // Sixteen digits in a row are a span id.
  const spanId = kind === 'card' ? () => '00f067aa0ba902b7' : p;
  return {
    v: 1,
    id: p('id'),
    time: Date.now(),
    kind: 'tool_call',
    tenant: p('tenant'),
    source: { name: p('source.name'), seq: 1 },
    agent: { id: p('agent.id'), name: p('agent.name'), version: dotted('agent.version') },
    session: { id: p('session.id'), conversation_id: p('session.conversation_id') },
    trace: {
      trace_id: p('trace.trace_id'),
      span_id: spanId('trace.span_id'),
      parent_span_id: spanId('trace.parent_span_id'),
      request_id: p('trace.request_id'),
    },
    principal: {
      sub: p('principal.sub'),
      iss: p('principal.iss'),
      type: p('principal.type'),
      roles: [p('principal.roles')],
    },
    delegation: [{ sub: p('delegation.sub'), iss: p('delegation.iss'), type: 'agent' }],
    action: {
      name: p('action.name'),
      op: 'write',
      tool_call_id: p('action.tool_call_id'),
      amount: { value: 5, currency: p('action.amount.currency') },
      arguments: contentOf(p, 'action.arguments'),
    },
    resource: {
      type: p('resource.type'),
      id: p('resource.id'),
      tenant: p('resource.tenant'),
      server: p('resource.server'),
      region: p('resource.region'),
      unit: p('resource.unit'),
      sensitivity: p('resource.sensitivity'),
    },
    scopes: { granted: [p('scopes.granted')], required: [p('scopes.required')] },
    volume: { records: 1, [p('volume key')]: 1 },
    decision: {
      verdict: 'allow',
      id: p('decision.id'),
      reason: `allowed for ${p('decision.reason')}.`,
      policy: { id: p('decision.policy.id'), version: dotted('decision.policy.version') },
      constraints: contentOf(p, 'decision.constraints'),
    },
    approval: {
      status: p('approval.status'),
      id: p('approval.id'),
      approver: p('approval.approver'),
    },
    token: {
      jti: p('token.jti'),
      txn: p('token.txn'),
      iss: p('token.iss'),
      sub: p('token.sub'),
      aud: [p('token.aud')],
      jwt: p('token.jwt'),
    },
    intent: { text: `please ask ${p('intent.text')} again`, scope: p('intent.scope') },
    outcome: { status: 'success', error_type: p('outcome.error_type') },
    net: { client_ip: p('net.client_ip'), [p('net key')]: p('net other') },
    destinations: [{ type: p('destinations.type'), value: p('destinations.value') }],
    reasoning: {
      summary: `because of ${p('reasoning.summary')}, I think`,
      alternatives: [p('reasoning.alternatives')],
    },
    sources: [{ type: p('sources.type'), id: p('sources.id') }],
    attrs: contentOf(p, 'attrs'),
    [p('unknown key')]: p('unknown value'),
    extra: { deep: [{ deeper: p('unknown nested') }] },
  };
}

/** Free-form content with a value in every way of being inside it, keys too. */
function contentOf(p: Plant, place: string): object {
  return {
    text: `Dear ${p(`${place} text`)}, see below.`,
    bare: p(`${place} bare`),
    list: ['a', [p(`${place} list`)]],
    to: p(`${place} to`),
    quoted: `"${p(`${place} quoted`)}"`,
    bracketed: `<${p(`${place} bracketed`)}>`,
    url: `https://api.example.net/v1/find?q=${encodeURIComponent(p(`${place} url`))}&n=1`,
    json: JSON.stringify({ in: { here: p(`${place} json`), [p(`${place} json key`)]: 1 } }),
    twice: JSON.stringify(JSON.stringify([p(`${place} json twice`)])),
    lines: `first\n${p(`${place} lines`)}\nlast`,
    [p(`${place} key`)]: { [`for ${p(`${place} nested key`)}`]: true },
  };
}

/** Events that are refused, each for a text where none may be. */
export function badEventsFullOf(planter: Planter, kind: Kind): readonly Record<string, unknown>[] {
  const p = plantOf(planter, kind, 'bad event');
  const good = {
    id: p('id'),
    time: Date.now(),
    agent: { id: p('agent.id') },
    action: { name: 'read_x' },
  };
  return [
    { ...good, agent: p('agent') },
    { ...good, time: p('time') },
    { ...good, kind: p('kind') },
    { ...good, action: { name: 'read_x', op: p('action.op') } },
    { ...good, volume: { records: p('volume.records') } },
    { ...good, outcome: { status: p('outcome.status') } },
    { ...good, scopes: { granted: { [p('scopes key')]: 1 } } },
    { ...good, delegation: [p('delegation')] },
    { ...good, agent: { name: p('agent.name') } },
  ];
}

const text = (value: string) => ({ stringValue: value });

/** Keys under which a number of this kind is somebody's. */
const NUMERIC: ReadonlyMap<Kind, string> = new Map<Kind, string>([
  ['card', 'reference'],
  ['phone', 'contact.phone'],
  ['ssn', 'customer.ssn'],
]);

/** Bytes of the value, and its digits as an integer and as a double. */
function carriersOf(p: Plant, kind: Kind): readonly object[] {
  const bytes = Buffer.from(p('attribute bytes')).toString('base64');
  const key = NUMERIC.get(kind);
  const digits = (place: string) => p(place).replaceAll(/\D/g, '');
  const numbers = key === undefined ? [] : [digits('attribute int'), digits('attribute double')];
  const [int = '', double = ''] = numbers;
  return [
    { key: 'blob', value: { bytesValue: bytes } },
    ...(/^[1-9]/.test(int) ? [{ key, value: { intValue: int } }] : []),
    ...(/^[1-9]/.test(double)
      ? [{ key: `last.${key}`, value: { doubleValue: Number(double) } }]
      : []),
  ];
}

function attributesOf(
  p: Plant,
  kind: Kind,
  more: Readonly<Record<string, string>>,
): readonly object[] {
  const one = (key: string, value: object) => ({ key, value });
  return [
    ...Object.entries(more).map(([key, value]) => one(key, text(value))),
    ...carriersOf(p, kind),
    one('plain', text(p('attribute'))),
    one(p('attribute key'), text('x')),
    one('list', { arrayValue: { values: [text(p('attribute list'))] } }),
    one('map', {
      kvlistValue: { values: [one(p('attribute map key'), text(p('attribute map')))] },
    }),
    one('user.id', text(p('user.id'))),
    one('user.email', text(p('user.email'))),
    one('client.address', text(p('client.address'))),
    one('tenant.id', text(p('tenant.id'))),
    one('url.full', text(`https://example.net/a?b=${encodeURIComponent(p('url.full'))}`)),
    one('gen_ai.tool.call.id', text(p('gen_ai.tool.call.id'))),
    one('gen_ai.conversation.id', text(p('gen_ai.conversation.id'))),
    one(
      'gen_ai.tool.call.arguments',
      text(JSON.stringify({ to: [p('arguments')], [p('arguments key')]: 1 })),
    ),
    one('gen_ai.tool.call.result', text(`sent to ${p('result')}.`)),
    one('gen_ai.input.messages', text(JSON.stringify([{ role: 'user', content: p('messages') }]))),
    one('input.value', text(p('input.value'))),
    one('metadata', text(JSON.stringify({ tenant_id: p('metadata tenant'), note: p('metadata') }))),
    one('mcp.resource.uri', text(`crm://accounts/${p('mcp.resource.uri')}`)),
  ];
}

/** An export request with a value in every text; ids are hex, `binary` makes them bytes. */
export function tracesFullOf(planter: Planter, kind: Kind, source: string): object {
  const p = plantOf(planter, kind, source);
  const nano = `${Date.now()}000000`;
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            { key: 'service.name', value: text(p('service.name')) },
            { key: p('resource key'), value: text(p('resource')) },
          ],
        },
        schemaUrl: p('schemaUrl'),
        scopeSpans: [
          {
            scope: { name: p('scope.name'), version: p('scope.version') },
            spans: [
              {
                traceId: traceIdOf(source, kind),
                spanId: '00000000000000a1',
                traceState: p('traceState'),
                name: p('span name'),
                startTimeUnixNano: nano,
                endTimeUnixNano: nano,
                attributes: attributesOf(p, kind, {
                  'gen_ai.operation.name': 'execute_tool',
                  'gen_ai.tool.name': p('gen_ai.tool.name'),
                  'gen_ai.agent.id': p('gen_ai.agent.id'),
                  'gen_ai.agent.name': p('gen_ai.agent.name'),
                }),
                events: [
                  {
                    name: p('event name'),
                    timeUnixNano: nano,
                    attributes: [
                      { key: 'exception.type', value: text(p('exception.type')) },
                      { key: 'exception.message', value: text(p('exception.message')) },
                    ],
                  },
                ],
                links: [
                  {
                    traceState: p('link'),
                    attributes: [{ key: p('link key'), value: text(p('link value')) }],
                  },
                ],
                status: { code: 2, message: p('status.message') },
              },
            ],
          },
        ],
      },
    ],
  };
}

export function logsFullOf(planter: Planter, kind: Kind, source: string): object {
  const p = plantOf(planter, kind, source);
  const record = (body: object) => ({
    timeUnixNano: `${Date.now()}000000`,
    severityText: p('severityText'),
    eventName: 'gen_ai.tool.call',
    body,
    attributes: attributesOf(p, kind, {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': p('gen_ai.tool.name'),
      'gen_ai.agent.id': p('gen_ai.agent.id'),
    }),
  });
  const pair = { key: p('body key'), value: text(p('body value')) };
  return {
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.instance.id', value: text(p('instance')) }] },
        scopeLogs: [
          {
            scope: { name: p('scope.name') },
            logRecords: [
              record(text(`said ${p('body')}`)),
              record({ kvlistValue: { values: [pair] } }),
            ],
          },
        ],
      },
    ],
  };
}

export function traceIdOf(source: string, kind: Kind): string {
  return Buffer.from(`${source} ${kind}`.padEnd(16).slice(0, 16)).toString('hex');
}

/** Grants with a value in every text but the tenant, which is the operator's own name for it. */
export function grantsFullOf(planter: Planter, kind: Kind, source: string): object {
  const p = plantOf(planter, kind, source);
  return {
    agents: [
      {
        tenant: 'acme',
        agent: planter.plantIdentifier(kind, `${source} agent`),
        role: p('role'),
        owners: { business: p('owners.business'), technical: p('owners.technical') },
        scopes: [p('scopes')],
        tools: [`${p('tools')}*`],
        resources: [`mailbox:${p('resources')}`],
        tenants: [p('tenants')],
        jurisdiction: p('jurisdiction'),
        approval: { required_for: [p('approval')] },
      },
      { tenant: 'acme', agent: '*', tools: ['read_*'] },
    ],
    principals: [
      { match: p('principals'), resources: [p('principal resources')], unit: p('unit') },
    ],
    resources: [
      { match: `crm:${p('resource fact')}`, tenant: p('resource owner'), region: p('region') },
    ],
    actions: [{ match: p('action fact'), sensitivity: p('sensitivity') }],
  };
}
