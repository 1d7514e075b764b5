import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import credentialExposure from './credential-exposure.ts';

detectorConformance(credentialExposure);

const agent = scenario('acme').agent('invoice-bot').session('s-1');
const ACTION = { name: 'post', op: 'write' } as const;
const OUTWARD = [{ type: 'host', value: 'paste.example', group: 'paste.example' }];

function see(change: Parameters<typeof agent.having>[0], options = {}) {
  const redactions = { 'secret:github_token': 1 };
  const event = agent.having({ redactions, ...change }).calls('post', 'write');
  const { action, ...rest } = change;
  const told = { ...event, ...rest, ...(action === undefined ? {} : { action }) } as typeof event;
  return new DetectorRun(credentialExposure, { options }).see(told);
}

const withArguments = (value: string) => ({
  action: { ...ACTION, arguments: { body: { text: [value] } } },
});

describe('credential_exposure', () => {
  it('asks for approval after a live-looking secret in what a call sends out', () => {
    const [verdict] = see({
      ...withArguments('use [secret:github_token] please'),
      destinations: OUTWARD,
    });
    expect(verdict).toMatchObject({
      level: 'high',
      score: 75,
      trip: { key: 'session', level: 2 },
      facts: { secret: 'github_token', place: 'arguments', outward: 'yes' },
    });
  });

  it('scores a secret that goes nowhere, or is only said', () => {
    expect(see(withArguments('[secret:github_token]'))[0]).toMatchObject({
      level: 'medium',
      trip: null,
    });
    const attrs = { 'gen_ai.tool.call.result': 'key: [secret:github_token]' };
    expect(see({ attrs })[0]?.facts).toMatchObject({ place: 'output' });
    const [reasoned] = see({ reasoning: { summary: 'I will use [secret:github_token]' } });
    expect(reasoned?.facts).toMatchObject({ place: 'reasoning' });
  });

  it('counts what only its key calls a secret for less', () => {
    const [verdict] = see({ ...withArguments('[secret:password]'), destinations: OUTWARD });
    expect(verdict).toMatchObject({ level: 'medium', score: 35, trip: null });
  });

  it('judges what moved no window too, as an event of long ago, but no proposal', () => {
    const change = { ...withArguments('[secret:github_token]'), destinations: OUTWARD };
    const event = { ...agent.calls('post', 'write'), ...change, redactions: { 'secret:x': 1 } };
    const see = (told: object) =>
      new DetectorRun(credentialExposure).see(told as typeof event, { counted: false });
    expect(see(event)[0]).toMatchObject({ score: 75 });
    expect(see({ ...event, phase: 'proposed' })).toEqual([]);
  });

  it('says nothing of headers, of personal tokens, or of kinds that are ignored', () => {
    const attrs = { 'http.request.header.authorization': '[secret:github_token]', note: 'x' };
    expect(see({ attrs })).toEqual([]);
    expect(see(withArguments('[email:p1:aaaaaaaaaaaaaaaaaaaaaA]'))).toEqual([]);
    const options = { ignored_labels: ['github_token'] };
    expect(see(withArguments('[secret:github_token]'), options)).toEqual([]);
  });
});
