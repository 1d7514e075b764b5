import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEvent, TokenFacts } from './access-event.ts';
import type { Transition } from './breaker.ts';
import { MINUTE_MS } from './time.ts';
import { type TokenBreakerStep, type TokenRecord, tokenKeysOf, tokenLife } from './token-life.ts';

const T0 = Date.UTC(2026, 10, 21, 9);
const EXP = T0 + 60 * MINUTE_MS;
const at = (minute: number): number => T0 + minute * MINUTE_MS;
const VERIFIED: TokenFacts = { jti: 't-1', iss: 'as', sub: 'alice', exp: EXP, verified: true };

function record(
  seq: number,
  minute: number,
  more: Partial<AccessEvent> & { readonly trust?: 'agent' | 'broker' | 'pdp' } = {},
): TokenRecord {
  const { trust = 'broker', ...rest } = more;
  const event: AccessEvent = {
    v: 1,
    id: `e-${seq}`,
    time: at(minute),
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'native', deliveredBy: trust, trust },
    tenant: { id: 'acme' },
    agent: { id: 'bot' },
    session: { id: 's-1' },
    action: { name: 'send_email', op: 'write' },
    outcome: { status: 'unknown' },
    attrs: {},
    token: { jti: 't-1' },
    ...rest,
  };
  return { seq, event };
}

const issued = (seq: number, minute: number, token: TokenFacts = VERIFIED) =>
  record(seq, minute, { kind: 'token_issue', outcome: { status: 'success' }, token });
const decided = (seq: number, minute: number, verdict: 'allow' | 'deny') =>
  record(seq, minute, { kind: 'authz_decision', trust: 'pdp', decision: { verdict } });

function breaker(seq: number, minute: number, more: Partial<Transition> = {}): TokenBreakerStep {
  const transition: Transition = {
    time: at(minute),
    eventId: null,
    key: { tenant: 'acme', kind: 'agent', id: 'bot' },
    from: 'closed',
    to: 'open',
    level: 4,
    epoch: seq,
    reason: 'volume_spike',
    class: 'statistical',
    findingId: null,
    actor: null,
    feedSeq: seq,
    ...more,
  };
  return { seq, transition };
}

const stateAt = (
  minute: number,
  records: readonly TokenRecord[],
  steps: readonly TokenBreakerStep[] = [],
) => tokenLife(records, steps, at(minute))?.state;

describe('the state of a token', () => {
  it.each([
    ['issued', [issued(1, 0)]],
    ['presented', [issued(1, 0), record(2, 1)]],
    ['accepted', [issued(1, 0), decided(2, 1, 'allow')]],
    ['accepted', [issued(1, 0), record(2, 1, { outcome: { status: 'success' } })]],
    ['rejected', [issued(1, 0), decided(2, 1, 'deny')]],
    ['rejected', [record(2, 1, { kind: 'token_use', outcome: { status: 'denied' } })]],
    ['accepted', [decided(1, 1, 'deny'), decided(2, 2, 'allow')]],
    ['rejected', [decided(1, 1, 'allow'), decided(2, 2, 'deny')]],
    // The result of a call says more than what was thought of it before.
    ['accepted', [record(1, 1, { decision: { verdict: 'deny' }, outcome: { status: 'success' } })]],
    // A proposal was not carried out; a refused issuance made no token.
    ['presented', [record(1, 1, { phase: 'proposed', outcome: { status: 'success' } })]],
    [
      'presented',
      [record(1, 1, { kind: 'token_issue', outcome: { status: 'denied' } }), record(2, 2)],
    ],
  ] as const)('is %s', (state, records) => {
    expect(stateAt(5, records)).toBe(state);
  });

  it('is nothing where nobody told of it', () => {
    expect(tokenLife([], [breaker(1, 0)], at(5))).toBeNull();
  });

  it('is expired from `exp` on, which a verified token settles', () => {
    const claimed = record(3, 3, { token: { jti: 't-1', exp: at(2) } });
    const records = [issued(1, 0), decided(2, 1, 'allow'), claimed];
    expect([stateAt(59, records), stateAt(60, records)]).toEqual(['accepted', 'expired']);
    expect(tokenLife(records, [], at(60))?.steps.at(-1)).toMatchObject({
      state: 'expired',
      time: EXP,
      seq: null,
    });
    expect(stateAt(3, [claimed])).toBe('expired');
  });

  it('is revoked by whoever runs the tokens, but not on the word of an agent', () => {
    const revoke = { action: { name: 'token.revoke', op: 'delete' }, kind: 'admin' } as const;
    const done = { ...revoke, outcome: { status: 'success' } } as const;
    expect(stateAt(5, [issued(1, 0), record(2, 1, done)])).toBe('revoked');
    expect(stateAt(5, [issued(1, 0), record(2, 1, { ...done, trust: 'agent' })])).toBe('presented');
    const refused = { ...revoke, outcome: { status: 'denied' } } as const;
    expect(stateAt(5, [issued(1, 0), record(2, 1, refused)])).toBe('presented');
  });

  it('goes by an agent only where nobody else told', () => {
    const own = record(2, 2, { trust: 'agent', outcome: { status: 'success' } });
    expect(stateAt(5, [issued(1, 0), own])).toBe('accepted');
    expect(stateAt(5, [issued(1, 0), own, decided(3, 1, 'deny')])).toBe('rejected');
  });
});

describe('a revocation of ours', () => {
  const records = [issued(1, 0), decided(2, 1, 'allow')];

  it.each([
    ['token', 't-1'],
    ['session', 's-1'],
    ['agent', 'bot'],
    ['chain', 'jti:t-1'],
    ['tenant', 'acme'],
  ] as const)('of the %s takes the token along', (kind, id) => {
    const steps = [breaker(3, 2, { key: { tenant: 'acme', kind, id } })];
    expect(stateAt(5, records, steps)).toBe('revoked');
    const revoked = tokenLife(records, steps, at(5))?.steps.at(-1);
    expect(revoked).toMatchObject({
      state: 'revoked',
      time: at(2),
      what: 'volume_spike',
      revokedBy: { key: { kind, id }, level: 4, epoch: 3 },
    });
  });

  it('of everything too, and of nobody else', () => {
    const everything = { tenant: '_system', kind: 'global', id: 'global' } as const;
    expect(stateAt(5, records, [breaker(3, 2, { key: everything })])).toBe('revoked');
    for (const key of [
      { tenant: 'globex', kind: 'agent', id: 'bot' },
      { tenant: 'globex', kind: 'tenant', id: 'globex' },
      { tenant: 'acme', kind: 'agent', id: 'other' },
      { tenant: 'acme', kind: 'tool', id: 'send_email' },
    ] as const) {
      expect(stateAt(5, records, [breaker(3, 2, { key })])).toBe('accepted');
    }
  });

  it('begins at the level that revokes, and stays when the breaker closes', () => {
    const throttle = breaker(3, 2, { level: 1 });
    expect(stateAt(5, records, [throttle])).toBe('accepted');
    const suspend = breaker(4, 3, { from: 'open', level: 5 });
    const closed = breaker(5, 4, { from: 'open', to: 'closed', level: 0 });
    const life = tokenLife(records, [closed, throttle, suspend], at(5));
    expect([life?.state, life?.times.revoked]).toEqual(['revoked', at(3)]);
  });

  it('does not reach tokens made after it closed, nor those that had expired', () => {
    const steps = [breaker(3, -5), breaker(4, -1, { to: 'closed', from: 'open', level: 0 })];
    expect(stateAt(5, records, steps)).toBe('accepted');
    expect(stateAt(5, records, steps.slice(0, 1))).toBe('revoked');
    expect(stateAt(70, records, [breaker(3, 65)])).toBe('expired');
    expect(stateAt(70, records, [breaker(3, 5)])).toBe('revoked');
  });
});

describe('what contradicts itself', () => {
  const accepted = (seq: number, minute: number, token: TokenFacts = { jti: 't-1' }) =>
    record(seq, minute, { outcome: { status: 'success' }, token });

  it('is told', () => {
    const problems = (records: readonly TokenRecord[], steps: readonly TokenBreakerStep[] = []) =>
      tokenLife(records, steps, at(90))?.problems;
    expect(problems([issued(1, 0), accepted(2, 60)])).toEqual([]);
    expect(problems([issued(1, 0), accepted(2, 61)])).toEqual(['accepted_after_expiry']);
    expect(problems([issued(1, 0), accepted(2, 3)], [breaker(3, 2)])).toEqual([
      'accepted_after_revocation',
    ]);
    const first = { ...VERIFIED, ref: 'r-1' };
    expect(problems([issued(1, 0, first), accepted(2, 1, { ...first, ref: 'r-2' })])).toEqual([
      'several_tokens',
    ]);
    expect(problems([issued(1, 0), accepted(2, 1, { jti: 't-1', iss: 'other' })])).toEqual([
      'several_issuers',
    ]);
  });

  it('is no word about the real token where it was forged', () => {
    const real = { ...VERIFIED, ref: 'r-1' };
    const forged: TokenFacts = {
      ...{ jti: 't-1', iss: 'as', sub: 'mallory', exp: at(1), ref: 'r-2' },
      ...{ verified: false, failure: 'bad_signature' },
    };
    const life = tokenLife([issued(1, 0, real), accepted(2, 3, forged)], [], at(5));
    expect(life).toMatchObject({ state: 'issued', subject: 'alice', refs: ['r-1', 'r-2'] });
    expect(life?.times.expired).toBe(EXP);
    expect(life?.problems).toEqual(['accepted_though_forged']);
    expect(life?.steps[1]).toMatchObject({ state: 'accepted', verification: 'bad_signature' });
    expect(tokenLife([accepted(2, 0, forged)], [], at(0))?.state).toBe('accepted');
  });

  it('is not that nobody could tell', () => {
    const away: TokenFacts = { ...VERIFIED, verified: false, failure: 'jwks_unavailable' };
    const life = tokenLife([accepted(1, 1, away)], [], at(5));
    expect(life).toMatchObject({ state: 'accepted', problems: [] });
  });
});

describe('the order of arrival', () => {
  const said = { ref: 'r-1', saidRef: 's-1' };
  const away = record(6, 7, {
    outcome: { status: 'success' },
    token: { ...VERIFIED, ...said, verified: false, failure: 'jwks_unavailable' },
  });
  const back: TokenRecord = {
    seq: 7,
    event: { ...away.event, agent: { id: 'spiffe://x/bot' }, token: { ...VERIFIED, ...said } },
  };
  const records = [
    issued(1, 0),
    record(2, 1, { phase: 'proposed', trust: 'agent' }),
    decided(3, 2, 'allow'),
    decided(4, 2, 'deny'),
    record(5, 3, { trust: 'agent', outcome: { status: 'success' } }),
    away,
    back,
    record(8, 70, { outcome: { status: 'success' } }),
    record(9, 8, { token: { jti: 't-1', ref: 'r-9', verified: false, failure: 'bad_signature' } }),
  ];
  const steps = [
    breaker(10, 4, { level: 2 }),
    breaker(11, 5, { from: 'open', level: 5 }),
    breaker(12, 6, { from: 'open', to: 'closed', level: 0 }),
    breaker(13, 9, { key: { tenant: 'acme', kind: 'session', id: 's-1' } }),
  ];
  const life = tokenLife(records, steps, at(80));

  it('changes nothing, and repeats neither', () => {
    const shuffled = <Item>(items: readonly Item[]) =>
      fc.shuffledSubarray([...items, ...items], {
        minLength: items.length * 2,
        maxLength: items.length * 2,
      });
    fc.assert(
      fc.property(shuffled(records), shuffled(steps), (some, others) => {
        expect(tokenLife(some, others, at(80))).toEqual(life);
      }),
      { numRuns: 300 },
    );
  });

  it('does not even where the log numbers them otherwise', () => {
    const numbers = fc.shuffledSubarray(
      records.map((_record, index) => index + 100),
      { minLength: records.length, maxLength: records.length },
    );
    const withoutSeq = (of: ReturnType<typeof tokenLife>) => ({
      ...of,
      steps: of?.steps.map(({ seq: _seq, ...step }) => step),
    });
    fc.assert(
      fc.property(numbers, (seqs) => {
        const arrived = records.map(({ event }, index) => ({ seq: seqs[index] ?? 0, event }));
        expect(withoutSeq(tokenLife(arrived, steps, at(80)))).toEqual(withoutSeq(life));
      }),
      { numRuns: 300 },
    );
  });

  it('tells a resent event once, with what its issuer said in the end', () => {
    const told = life?.steps.filter(({ eventId }) => eventId === 'e-6');
    expect(told).toMatchObject([{ verification: 'verified', agent: 'spiffe://x/bot' }]);
    expect(life?.state).toBe('revoked');
  });
});

describe('the breaker keys of a token', () => {
  it('are its own and those of what it was used in, each once', () => {
    const { event } = record(1, 0, { trace: { traceId: 'trace-1' } });
    const keys = tokenKeysOf([event, event]).map(({ kind, id }) => `${kind} ${id}`);
    expect(keys).toEqual(['token t-1', 'session s-1', 'chain trace-1', 'agent bot']);
  });
});
