import { describe, expect, it } from 'vitest';
import type { AccessEvent } from './access-event.ts';
import {
  chainIdOf,
  declaredKeysOf,
  isDistinctive,
  joinKeysOf,
  sessionInWaiting,
  vouchedTenants,
} from './chain.ts';

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
    expect(chainIdOf({ ...PLAIN, decision: { verdict: 'deny', id: 'd' } })).toBe('decision:d');
  });

  it('is equal for equal ids of one kind alone, and for event ids of one source alone', () => {
    const named = (name: string): AccessEvent => ({ ...PLAIN, source: { ...PLAIN.source, name } });
    const all = [
      PLAIN,
      named('alpha'),
      named('beta'),
      { ...PLAIN, source: { ...PLAIN.source, deliveredBy: 'other' } },
      { ...PLAIN, session: { id: 'evt-1' } },
      { ...PLAIN, token: { jti: 'evt-1' } },
      { ...PLAIN, decision: { verdict: 'deny', id: 'evt-1' } },
      { ...PLAIN, trace: { traceId: 'evt-1' } },
    ] as const;
    expect(new Set(all.map(chainIdOf)).size).toBe(all.length);
    expect(chainIdOf(PLAIN)).toMatch(/^event:[0-9a-f]{16}:evt-1$/);
    expect(chainIdOf({ ...named('alpha'), time: 9 })).toBe(chainIdOf(named('alpha')));
  });

  it('is that of no other kind, whatever senders call their transactions and traces', () => {
    const session = { ...PLAIN, session: { id: 's1' } };
    const forged = (id: string) => [
      { ...PLAIN, token: { txn: id } },
      { ...PLAIN, trace: { traceId: id } },
    ];
    const ids = ['session:s1', 'txn:session:s1', 'trace:session:s1', chainIdOf(PLAIN)];
    const all = [session, PLAIN, ...ids.flatMap(forged)].map(chainIdOf);
    expect(new Set(all).size).toBe(all.length);
    expect(chainIdOf({ ...PLAIN, token: { txn: 'session:s1' } })).toBe('txn:session:s1');
    // What only looks like it stands as it is.
    for (const txn of ['sessions:1', 'urn:uuid:1', 'event', 'x:txn:1']) {
      expect(chainIdOf({ ...PLAIN, token: { txn } })).toBe(txn);
    }
  });

  it('is the session only where nothing else joins the record', () => {
    const session = { id: 's-1' };
    expect(chainIdOf({ ...PLAIN, session })).toBe('session:s-1');
    const action = { ...PLAIN.action, toolCallId: 'call_1' };
    // What the counted id belongs to is for the engine to say.
    expect(chainIdOf({ ...PLAIN, session, action })).toBe(chainIdOf(PLAIN));
    expect(sessionInWaiting({ ...PLAIN, session, action })).toBe('s-1');
    expect(sessionInWaiting({ ...PLAIN, session, action, token: { txn: 'x' } })).toBeNull();
    expect(sessionInWaiting({ ...PLAIN, session })).toBeNull();
    const random = { ...PLAIN.action, toolCallId: 'toolu_01A09q90qw90lq917835lq9' };
    expect(chainIdOf({ ...PLAIN, session, action: random })).toBe(chainIdOf(PLAIN));
    expect(joinKeysOf({ ...PLAIN, session, action: random }).map(({ kind }) => kind)).toEqual([
      'call',
    ]);
  });

  it('reads the task of an A2A call from the attributes', () => {
    const attrs = { 'a2a.task.id': '4bf92f35-77b3-4da6-a3ce-929d0e0e4736' };
    expect(joinKeysOf({ ...PLAIN, attrs })).toEqual([{ kind: 'task', id: attrs['a2a.task.id'] }]);
  });
});

describe('keys of other requests', () => {
  const parent = { txn: 'x', jti: 'j', traceId: 't', taskId: 'task_1' };
  const by = (event: Partial<AccessEvent>) =>
    declaredKeysOf({ ...PLAIN, ...event }).map(({ kind, id }) => `${kind} ${id}`);

  it('are the parent that a broker tells of, tasks only where their id is distinctive', () => {
    expect(by({ parent })).toEqual(['txn x', 'jti j', 'trace t']);
    const taskId = '4bf92f35-77b3-4da6-a3ce-929d0e0e4736';
    expect(by({ parent: { taskId } })).toEqual([`task ${taskId}`]);
    expect(by({ parent, source: { ...PLAIN.source, trust: 'agent' } })).toEqual([]);
    expect(by({})).toEqual([]);
  });

  it('are linked traces, each once and not its own', () => {
    const links = ['t-1', 't-2', 't-1', 't-0'].map((traceId) => ({ traceId }));
    const source = { ...PLAIN.source, trust: 'agent' } as const;
    expect(by({ trace: { traceId: 't-0', links }, source })).toEqual(['trace t-1', 'trace t-2']);
  });
});

describe('tenants vouched for', () => {
  const of = (tenant: string, event: Partial<AccessEvent>): AccessEvent => ({
    ...PLAIN,
    tenant: { id: tenant },
    ...event,
  });
  const said = { ...PLAIN.source, trust: 'agent' } as const;
  const token = { txn: 'x-1' };

  it.each([
    ['transaction', { token }],
    ['token', { token: { jti: 'j-1' } }],
    ['decision', { decision: { verdict: 'allow', id: 'd-1' } }],
  ] as const)('share a %s that more than agents tell of', (_name, event) => {
    const events = [
      of('acme', event),
      of('globex', event),
      of('initech', { trace: { traceId: 't' } }),
    ];
    expect(vouchedTenants(events, 'acme')).toEqual(['acme', 'globex']);
    expect(vouchedTenants(events, 'globex')).toEqual(['globex', 'acme']);
    expect(vouchedTenants(events, 'initech')).toEqual(['initech']);
  });

  it('are not those of which only an agent says so, on either side', () => {
    const agents = { token, source: said };
    expect(vouchedTenants([of('acme', { token }), of('globex', agents)], 'acme')).toEqual(['acme']);
    expect(vouchedTenants([of('acme', agents), of('globex', { token })], 'acme')).toEqual(['acme']);
  });

  it('are not those that share a trace, a call, a session or a declared parent', () => {
    const alike = {
      trace: { traceId: 't-1' },
      session: { id: 's-1' },
      action: { ...PLAIN.action, toolCallId: 'toolu_01A09q90qw90lq917835lq9' },
    };
    const events = [of('acme', { ...alike, token }), of('globex', { ...alike, parent: token })];
    expect(vouchedTenants(events, 'acme')).toEqual(['acme']);
  });
});
