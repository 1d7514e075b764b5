import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Authentication, Authenticator } from '../ports/authenticator.ts';
import type { Ingest, Principal, ReceivedBatch } from '../ports/ingest.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { AuthenticationRecord, observedAuthenticator } from './authentication-record.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';

const START = Date.UTC(2026, 10, 21);
const BROKER: Principal = { name: 'broker-1', roles: [], tenants: ['acme'], trust: 'broker' };

function recording() {
  const batches: ReceivedBatch[] = [];
  let failing = false;
  const ingest: Ingest = {
    refusal: () => null,
    turn: async () => {},
    submit: async (batch) => {
      if (failing) throw new Error('disk');
      batches.push(batch);
      return { accepted: batch.events.length, duplicates: 0, rejects: [] };
    },
  };
  const clock = new FakeClock(START);
  const record = new AuthenticationRecord({ ingest, clock, metrics: SILENT_METRICS });
  const told = () =>
    batches.flatMap(({ sender, events }) =>
      events.map(({ agent, outcome, attrs }: ReceivedEvent) => [
        String(sender.tenants),
        agent.id,
        outcome.status,
        outcome.errorType,
        attrs['count'],
      ]),
    );
  const fail = (now: boolean) => {
    failing = now;
  };
  return { record, clock, batches, told, fail };
}

const failure = (reason: Authentication['reason']): Authentication => ({
  outcome: 'failure',
  caller: null,
  reason,
});

describe('the record of authentications', () => {
  it('tells of all alike once a window, with a count', async () => {
    const { record, clock, batches, told } = recording();
    record.start();
    for (let n = 0; n < 10_000; n++) record.observe(failure('unknown_token'));
    record.observe(failure('expired'));
    record.observe({ outcome: 'success', caller: BROKER, reason: null });
    await clock.advance(LIMITS.authenticationWindowMs);
    await settled();
    expect(told()).toEqual([
      ['_system', 'unauthenticated', 'denied', 'unknown_token', 10_000],
      ['_system', 'unauthenticated', 'denied', 'expired', 1],
      ['acme', 'broker-1', 'success', undefined, 1],
    ]);
    expect(batches[0]?.events[0]).toMatchObject({
      kind: 'authentication',
      source: { format: 'tripcoil' },
      decision: { verdict: 'deny', reason: 'unknown_token' },
    });
    await clock.advance(LIMITS.authenticationWindowMs);
    expect(told()).toHaveLength(3);
    await record.close();
  });

  it('is bounded, whoever calls', async () => {
    const { record, told } = recording();
    for (let n = 0; n < 3 * LIMITS.authenticationCallers; n++) {
      const caller = { ...BROKER, name: `broker-${n}` };
      record.observe({ outcome: 'success', caller, reason: null });
    }
    await record.close();
    expect(told()).toHaveLength(LIMITS.authenticationCallers + 1);
    const others = told().find(([, caller]) => caller === 'others');
    expect(others?.at(-1)).toBe(2 * LIMITS.authenticationCallers);
  });

  it('keeps what could not be written', async () => {
    const { record, told, fail } = recording();
    fail(true);
    record.observe(failure('unknown_token'));
    await record.flush();
    record.observe(failure('unknown_token'));
    fail(false);
    await record.close();
    expect(told()).toEqual([['_system', 'unauthenticated', 'denied', 'unknown_token', 2]]);
  });
});

describe('an observed authenticator', () => {
  const seen: Authentication[] = [];
  const inner: Authenticator = {
    authenticate: (token) => (token === 'good' ? BROKER : null),
    prepare: async (token) => (token === 'old' ? 'expired' : null),
  };
  const observed = observedAuthenticator(inner, (authentication) => seen.push(authentication));

  it('tells why a signed token was refused, and forgets it', async () => {
    await observed.prepare?.('old');
    expect(observed.authenticate('old')).toBeNull();
    expect(observed.authenticate('old')).toBeNull();
    expect(observed.authenticate('good')).toBe(BROKER);
    expect(seen.map(({ reason }) => reason)).toEqual(['expired', 'unknown_token', null]);
  });
});
