import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import tokenReplay from './token-replay.ts';

detectorConformance(tokenReplay);

describe('token_replay', () => {
  const acme = scenario('acme');
  const bearing = (agent: string, token: object) =>
    acme
      .agent(agent)
      .session('s-1')
      .having({ token: { jti: 'j-1', iss: 'sts', ...token } });

  it('is blind without a token id', () => {
    const run = new DetectorRun(tokenReplay);
    expect(run.blindFor(acme.agent('bot').writes())).toBe('token.jti');
    expect(run.blindFor(bearing('bot', {}).writes())).toBeNull();
  });

  it('lets one agent use its token as often as it likes', () => {
    const run = new DetectorRun(tokenReplay);
    const own = bearing('bot', { ref: 'r-1' });
    expect([own.writes(), own.reads(1), own.writes()].flatMap((event) => run.see(event))).toEqual(
      [],
    );
  });

  it('suspends the second use of a token that is good once', () => {
    const run = new DetectorRun(tokenReplay);
    const once = bearing('bot', { type: 'decision+jwt' });
    expect(run.see(once.outcome('failure').writes())).toEqual([]);
    expect(run.see(once.writes())).toEqual([]);
    expect(run.see(once.writes(), { counted: false })).toEqual([]);
    expect(run.see(once.writes())[0]).toMatchObject({
      level: 'critical',
      facts: { breach: 'used_twice' },
      trip: { key: 'session', level: 4 },
    });
  });

  it('holds each of several sources that tell of one use to one', () => {
    const run = new DetectorRun(tokenReplay);
    const once = bearing('bot', { type: 'decision+jwt' });
    const resource = { format: 'native', deliveredBy: 'mail', trust: 'resource' } as const;
    expect(run.see(once.writes())).toEqual([]);
    expect(run.see(once.having({ source: resource }).writes())).toEqual([]);
    expect(run.see(once.having({ kind: 'token_use' }).writes())).toEqual([]);
  });

  it('steps up where another agent uses a bearer token, and suspends where it is bound', () => {
    const bearer = new DetectorRun(tokenReplay);
    bearer.see(bearing('bot', {}).writes());
    expect(bearer.see(bearing('thief', {}).writes())[0]?.trip).toEqual({
      key: 'session',
      level: 2,
    });
    const bound = new DetectorRun(tokenReplay);
    bound.see(bearing('bot', { senderConstraint: 'dpop' }).writes());
    const stolen = bearing('thief', { senderConstraint: 'dpop' });
    expect(bound.see(stolen.writes())[0]?.trip?.level).toBe(4);
    expect(bound.see(stolen.outcome('denied').writes())[0]).toMatchObject({
      trip: null,
      held: 'below_threshold',
    });
  });

  it('takes a hand-over that is declared, and tokens made to be passed on', () => {
    const run = new DetectorRun(tokenReplay);
    run.see(bearing('bot', {}).writes());
    const helper = bearing('helper', {});
    const from = (sub: string) => helper.having({ delegation: [{ sub }] }).writes();
    expect(run.see(from('agent:bot'))).toEqual([]);
    expect(run.see(from('bot'))).toEqual([]);
    expect(run.see(from('agent:other'))).toHaveLength(1);
    expect(run.see(bearing('helper', { type: 'txntoken+jwt' }).writes())).toEqual([]);
  });

  it('tells of two tokens under one id, and hears nothing of forged ones', () => {
    const run = new DetectorRun(tokenReplay);
    run.see(bearing('bot', { ref: 'r-1' }).writes());
    expect(run.see(bearing('bot', { ref: 'r-2', failure: 'bad_signature' }).writes())).toEqual([]);
    expect(run.see(bearing('bot', { ref: 'r-2' }).writes())[0]?.facts?.['breach']).toBe(
      'other_token',
    );
    expect(run.see(bearing('x', { iss: 'other' }).writes())).toEqual([]);
  });
});
