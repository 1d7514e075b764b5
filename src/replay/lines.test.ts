import { describe, expect, it } from 'vitest';
import { effectLine, rejectLine, summaryLine } from './lines.ts';

const TIME = Date.UTC(2026, 10, 21, 9);
const POSITION = { tenant: 'acme', inputSeq: 9, ordinal: 0 };
const KEY = { tenant: 'acme', kind: 'agent', id: 'invoice-bot' } as const;

const keysOf = (line: string): readonly string[] => Object.keys(JSON.parse(line));

/** The keys as they are fixed, in their order; what is ours comes behind them. */
function expectKeys(line: string, fixed: string, own = ''): void {
  const ours = own === '' ? [] : own.split(' ');
  expect(keysOf(line)).toEqual([...fixed.split(' '), ...ours]);
}

describe('the lines of a replay', () => {
  it('writes a finding', () => {
    const line = effectLine({
      ...POSITION,
      kind: 'finding',
      decision: {
        id: '9-0',
        time: TIME,
        eventId: 'evt-9',
        tenant: 'acme',
        agent: 'invoice-bot',
        chain: 'x-1',
        detector: 'volume_spike',
        detectorVersion: 1,
        family: 'statistical',
        mode: 'enforce',
        level: 'high',
        score: 97,
        actual: 4_812,
        typical: 120,
        probability: 1e-9,
        title: 'Much',
        explanation: 'Very much.',
        evidence: { events: ['evt-9'], measures: {}, facts: {} },
        decision: { tripped: false, why: 'shadow' },
      },
    });
    expectKeys(
      line,
      'type time event_id tenant agent detector mode level score actual typical probability title',
      'session chain explanation evidence decision',
    );
    expect(line.startsWith('{"type":"finding","time":"2026-11-21T09:00:00.000Z",')).toBe(true);
  });

  it('writes a transition', () => {
    const line = effectLine({
      ...POSITION,
      kind: 'transition',
      decision: {
        time: TIME,
        eventId: 'evt-9',
        key: KEY,
        from: 'closed',
        to: 'open',
        level: 4,
        epoch: 1,
        reason: 'volume_spike',
        class: 'statistical',
        findingId: '9-0',
        actor: null,
        feedSeq: 1,
      },
    });
    expectKeys(line, 'type time event_id key from to level epoch reason class');
    expect(Object.keys(JSON.parse(line).key)).toEqual(['tenant', 'kind', 'id']);
  });

  it('writes a revocation, and the agent on the key of a session', () => {
    const key = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' } as const;
    const line = effectLine({
      ...POSITION,
      kind: 'revocation',
      decision: {
        jti: 'tc-1-9-2',
        time: TIME,
        eventId: null,
        key,
        agent: 'invoice-bot',
        level: 4,
        term: 1,
        epoch: 1,
        class: 'statistical',
        reason: 'volume_spike',
        title: 'Much',
        findingId: '9-0',
        txn: 'trip-1-9-2',
        events: ['https://schemas.openid.net/secevent/caep/event-type/session-revoked'],
      },
    });
    expectKeys(line, 'type time event_id key level term epoch jti events');
    expect(JSON.parse(line).key).toEqual(key);
  });

  it('writes a reject and the summary', () => {
    const reject = { position: 17, code: 'missing_field', path: 'agent.id', message: 'x' } as const;
    expectKeys(rejectLine(reject, 'a.ndjson'), 'type line code path message', 'file');
    const line = summaryLine({
      events: 1_000,
      rejected: 1,
      ignored: 9,
      agents: 24,
      findings: 7,
      transitions: 3,
      revocations: 2,
      rejectedHistory: 5,
      wallMs: 250.4,
    });
    expectKeys(
      line,
      'type events rejected agents findings transitions wall_ms events_per_s',
      'revocations ignored',
    );
    expect(JSON.parse(line)).toMatchObject({ wall_ms: 250, events_per_s: 3_994 });
  });
});
