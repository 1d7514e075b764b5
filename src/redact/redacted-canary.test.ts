import { describe, expect, it } from 'vitest';
import type { AccessEvent, JsonValue } from '../core/access-event.ts';
import { createRedactor } from './redactor.ts';
import { eventWith, testKeys } from './testing/events.ts';
import { coreOf, createRandom, MAKERS } from './testing/values.ts';

const redactor = createRedactor({ keys: testKeys() });

type Place = (value: string) => object;
const args = (value: JsonValue): Partial<AccessEvent> => ({
  action: { name: 'call', op: 'write', arguments: value },
});

/**
 * Every member of AccessEvent that can carry a text, and every way to be inside content. Not
 * `tenant.id`, which comes from the credential.
 */
const PLACES: Readonly<Record<string, Place>> = {
  id: (id) => ({ id }),
  source: (name) => ({ source: { format: name, name, deliveredBy: name, trust: 'broker' } }),
  'tenant.claimed': (claimed) => ({ tenant: { id: 'acme', claimed } }),
  agent: (id) => ({ agent: { id, name: id } }),
  session: (id) => ({ session: { id, conversationId: id } }),
  trace: (value) => ({
    trace: { traceId: value, spanId: value, parentSpanId: value, requestId: value },
  }),
  principal: (sub) => ({ principal: { sub, iss: sub, type: sub, roles: [sub] } }),
  delegation: (sub) => ({ delegation: [{ sub: 'a' }, { sub, iss: sub, type: sub, roles: [sub] }] }),
  action: (value) => ({
    action: {
      name: value,
      op: value as 'read',
      toolCallId: value,
      amount: { value: 1, currency: value },
    },
  }),
  resource: (value) => ({
    resource: {
      type: value,
      id: value,
      tenant: value,
      server: value,
      region: value,
      unit: value,
      sensitivity: value,
    },
  }),
  destinations: (value) => ({ destinations: [{ type: value, value, group: value }] }),
  scopes: (value) => ({ scopes: { granted: [value], required: ['a', value] } }),
  decision: (value) => ({
    decision: {
      verdict: value as 'deny',
      id: value,
      reason: `denied for ${value}`,
      policy: { id: value },
      constraints: { only: value },
    },
  }),
  approval: (value) => ({ approval: { status: value, id: value, approver: value } }),
  token: (value) => ({ token: { jti: value, txn: value, iss: value, sub: value, aud: [value] } }),
  intent: (value) => ({ intent: { text: `please use ${value} now`, scope: value } }),
  outcome: (value) => ({ outcome: { status: value as 'success', errorType: value } }),
  clientIp: (clientIp) => ({ clientIp }),
  reasoning: (value) => ({ reasoning: { summary: `because ${value}.`, alternatives: [value] } }),
  retrieved: (value) => ({ retrieved: [{ type: value, id: value }] }),
  attrs: (value) => ({
    attrs: { note: value, list: ['a', [value]], deep: { er: { still: value } } },
  }),
  'attrs key': (value) => ({ attrs: { [value]: { [`to ${value}`]: 1 } } }),
  'attrs typed keys': (value) => ({ attrs: { user: { name: value }, password: value } }),
  'unknown member': (value) => ({ [value]: value, extra: { member: value } }),
  'unknown part': (value) => ({ resource: { id: 'r', [value]: value } }),
  redactions: (value) => ({ redactions: { [value]: 1 } }),
  'arguments text': (value) => args(`see ${value}, thanks`),
  'arguments recipients': (value) => args({ recipients: [value], to: `A <${value}>` }),
  'arguments quoted': (value) => args(`"${value}"`),
  'arguments JSON': (value) => args(JSON.stringify({ a: [{ b: value, [value]: 1 }] })),
  'arguments JSON twice': (value) => args(JSON.stringify(JSON.stringify({ a: value }))),
  'arguments cut JSON': (value) => args(`{"a": "${value}", "b": [`),
  'arguments query': (value) => args({ url: `https://api.example.net/v1?q=${value}&n=1` }),
  'arguments wide': (value) =>
    args(value.replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))),
  'arguments zero width': (value) => args([...value].join('\u200b')),
};

describe('canary', () => {
  const random = createRandom(7);
  for (const [kind, make] of Object.entries(MAKERS)) {
    it(`no ${kind} survives anywhere`, () => {
      for (const [place, put] of Object.entries(PLACES)) {
        if (kind === 'private_key' && /cut JSON|wide/.test(place)) continue;
        const value = make(random);
        const core = coreOf(kind, value);
        const event = eventWith(put(value) as Partial<AccessEvent>);
        const out = JSON.stringify(redactor.redact(event))
          .normalize('NFKC')
          .replaceAll('\u200b', '');
        expect(out.includes(JSON.stringify(core).slice(1, -1)), `${kind} in ${place}: ${out}`).toBe(
          false,
        );
      }
    });
  }

  it('is no test of nothing: the same search finds the values in the input', () => {
    const value = MAKERS['email']?.(random) ?? '';
    for (const put of Object.values(PLACES)) {
      const text = JSON.stringify(eventWith(put(value) as Partial<AccessEvent>))
        .normalize('NFKC')
        .replaceAll('\u200b', '');
      expect(text).toContain(value);
    }
  });
});
