import { describe, expect, it } from 'vitest';
import type { AccessEvent } from './access-event.ts';
import { chainIdOf, isDistinctive, joinKeysOf, sessionInWaiting } from './chain.ts';

const PLAIN: AccessEvent = {
  v: 1,
  id: 'evt-1',
  time: 0,
  kind: 'tool_call',
  phase: 'executed',
  source: { format: 'native', deliveredBy: 'gateway', trust: 'broker' },
  tenant: { id: 'acme' },
  agent: { id: 'bot' },
  action: { name: 'read', op: 'read' },
  outcome: { status: 'success' },
  attrs: {},
};

describe('isDistinctive', () => {
  it.each([
    'toolu_01A09q90qw90lq917835lq9',
    'call_AbCdEfGhIjKlMnOpQrSt',
    'call_9pQ2xLm4',
    '4bf92f35-77b3-4da6-a3ce-929d0e0e4736',
    'chatcmpl-tool-3f9a7c1e22',
  ])('takes %s as drawn at random', (id) => {
    expect(isDistinctive(id)).toBe(true);
  });

  it.each([
    'call_1',
    'call_0042',
    '7',
    'functions.search:0',
    'search_customers_12',
    'searchCustomerOrders:1',
    'functions.search_customers_of_region:12',
    '',
    undefined,
  ])('takes %s as counted', (id) => {
    expect(isDistinctive(id)).toBe(false);
  });
});

describe('the local chain id', () => {
  it('is the strongest of transaction, trace, token and decision', () => {
    const all = {
      ...PLAIN,
      token: { txn: 'x', jti: 'j' },
      trace: { traceId: 't' },
      decision: { verdict: 'allow', id: 'd' },
      session: { id: 's' },
    } as const;
    expect(chainIdOf(all)).toBe('x');
    expect(joinKeysOf(all).map(({ kind }) => kind)).toEqual(['txn', 'trace', 'jti', 'decision']);
    expect(chainIdOf({ ...all, token: { jti: 'j' } })).toBe('t');
    expect(chainIdOf({ ...PLAIN, decision: { verdict: 'deny', id: 'd' } })).toBe('d');
  });

  it('is the session only where nothing else joins the record', () => {
    const session = { id: 's-1' };
    expect(chainIdOf({ ...PLAIN, session })).toBe('s-1');
    const action = { ...PLAIN.action, toolCallId: 'call_1' };
    // What the counted id belongs to is for the engine to say.
    expect(chainIdOf({ ...PLAIN, session, action })).toBe('evt-1');
    expect(sessionInWaiting({ ...PLAIN, session, action })).toBe('s-1');
    expect(sessionInWaiting({ ...PLAIN, session, action, token: { txn: 'x' } })).toBeNull();
    expect(sessionInWaiting({ ...PLAIN, session })).toBeNull();
    const random = { ...PLAIN.action, toolCallId: 'toolu_01A09q90qw90lq917835lq9' };
    expect(chainIdOf({ ...PLAIN, session, action: random })).toBe('evt-1');
    expect(joinKeysOf({ ...PLAIN, session, action: random }).map(({ kind }) => kind)).toEqual([
      'call',
    ]);
  });

  it('reads the task of an A2A call from the attributes', () => {
    const attrs = { 'a2a.task.id': '4bf92f35-77b3-4da6-a3ce-929d0e0e4736' };
    expect(joinKeysOf({ ...PLAIN, attrs })).toEqual([{ kind: 'task', id: attrs['a2a.task.id'] }]);
  });
});
