import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { type EventBuilder, scenario } from '../src/engine/detect/testing/scenario.ts';
import tokenMismatch from './token-mismatch.ts';

detectorConformance(tokenMismatch);

const payment = (over: object) => ({ type: 'payment', ...over });

describe('token_mismatch', () => {
  const agent = scenario('acme').agent('pay-bot').session('s-1');
  const see = (event: ReturnType<EventBuilder['pays']>) =>
    new DetectorRun(tokenMismatch).see(event);
  const details = (...list: object[]) => ({
    scopes: { details: list as never },
    token: { jti: 'j-1', verified: true },
  });

  it('is blind without a token that says what it is for', () => {
    const run = new DetectorRun(tokenMismatch);
    expect(run.blindFor(agent.writes('pay'))).toBe('scopes.details');
    expect(run.blindFor(agent.having(details(payment({}))).writes('pay'))).toBeNull();
  });

  it.each([
    ['RFC 9396', details(payment({ instructedAmount: { currency: 'EUR', amount: '100.00' } }))],
    ['a decision', { decision: { verdict: 'allow' as const, constraints: { max_amount: 100 } } }],
  ])('suspends a payment above the amount of %s', (_name, change) => {
    const builder = agent.having(change);
    expect(see(builder.pays(100))).toEqual([]);
    expect(see(builder.pays(100.5))[0]).toMatchObject({
      level: 'critical',
      actual: 100.5,
      typical: 100,
      trip: { key: 'session', level: 4 },
    });
    expect(see(builder.outcome('denied').pays(200))[0]).toMatchObject({ trip: null });
  });

  it('minds the currency', () => {
    const amount = { instructedAmount: { currency: 'EUR', amount: 100 } };
    const builder = agent.having(details(payment(amount)));
    expect(see(builder.pays(50, 'eur'))).toEqual([]);
    expect(see(builder.pays(50, 'USD'))).toHaveLength(1);
  });

  it('lets a call keep to any of several details', () => {
    const two = details(
      payment({ instructedAmount: { amount: 10 } }),
      payment({ instructedAmount: { amount: 90 } }),
    );
    expect(see(agent.having(two).pays(80))).toEqual([]);
    expect(see(agent.having(two).pays(91))).toHaveLength(1);
  });

  it('takes a tenant that the verified token contradicts, or that it is not for', () => {
    const contradicted = agent.having({ token: { verified: true, contradicts: ['tenant'] } });
    expect(new DetectorRun(tokenMismatch).see(contradicted.writes('pay'))).toHaveLength(1);
    const other = agent.having({ decision: { verdict: 'allow', constraints: { tenant: 'acme' } } });
    const run = new DetectorRun(tokenMismatch);
    expect(run.see(other.on('crm', 'c-1', 'acme').writes('pay'))).toEqual([]);
    expect(run.see(other.on('crm', 'c-1', 'globex').writes('pay'))).toHaveLength(1);
  });

  it('takes a decision that had expired, but for the grace', () => {
    const event = agent.writes('pay');
    const expired = (before: number) => ({
      ...event,
      decision: { verdict: 'allow' as const, expires: event.time - before },
    });
    const run = new DetectorRun(tokenMismatch);
    expect(run.see(expired(59_000))).toEqual([]);
    expect(run.see(expired(61_000))[0]?.facts?.['member']).toBe('expiry');
  });

  it('compares names only once issuer and events were seen to use the same', () => {
    const builder = agent.having(details(payment({ actions: ['initiate'] })));
    const run = new DetectorRun(tokenMismatch);
    expect(run.see(builder.writes('pay'))).toEqual([]);
    expect(run.see(builder.writes('initiate'))).toEqual([]);
    expect(run.see(builder.writes('pay'))[0]?.facts?.['member']).toBe('action');
    const strict = new DetectorRun(tokenMismatch, { options: { strict_types: ['pay*'] } });
    expect(strict.see(builder.writes('pay'))).toHaveLength(1);
  });

  it('does not hear an agent on its own token', () => {
    const unverified = agent.trust('agent').having({ scopes: { details: [{ amount: 1 }] } });
    expect(see(unverified.pays(5))).toEqual([]);
  });

  it.each([[Number.NaN], [-5], ['x'], [null], [{ amount: 'x' }], [[1]]])(
    'passes over limits of other shapes: %s',
    (amount) => {
      const builder = agent.having(details(payment({ instructedAmount: amount, actions: 7 })));
      expect(see(builder.pays(1e9))).toEqual([]);
    },
  );
});
