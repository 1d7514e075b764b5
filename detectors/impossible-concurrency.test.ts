import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import impossibleConcurrency from './impossible-concurrency.ts';

detectorConformance(impossibleConcurrency);

describe('impossible_concurrency', () => {
  const agent = scenario('acme').agent('bot').session('s-1');
  const from = (minute: number, clientIp: string, jti = 'j-1') =>
    agent.at(minute).having({ clientIp, token: { jti } }).writes();
  const walked = (steps: readonly (readonly [minute: number, ip: string, jti?: string])[]) => {
    const run = new DetectorRun(impossibleConcurrency);
    return steps.flatMap(([minute, ip, jti]) => run.see(from(minute, ip, jti)));
  };

  it('is blind without a token id or an address', () => {
    const run = new DetectorRun(impossibleConcurrency);
    expect(run.blindFor(agent.writes())).toBe('token.jti');
    expect(run.blindFor(agent.having({ token: { jti: 'j-1' } }).writes())).toBe('net.client_ip');
  });

  it('steps up when a token goes back and forth within a minute', () => {
    const found = walked([
      [0, 'a'],
      [0.1, 'b'],
      [0.2, 'a'],
      [0.3, 'b'],
    ]);
    expect(found).toMatchObject([
      { actual: 2, typical: 1, trip: { key: 'session', level: 2 }, measures: { returns: 2 } },
    ]);
  });

  it('takes a move for a move, even there and back', () => {
    expect(
      walked([
        [0, 'a'],
        [1, 'a'],
        [2, 'b'],
        [3, 'b'],
        [40, 'a'],
        [80, 'b'],
      ]),
    ).toEqual([]);
    expect(
      walked([
        [0, 'a'],
        [0.1, 'b'],
        [0.2, 'a'],
        [0.3, 'a'],
      ]),
    ).toEqual([]);
  });

  it('keeps tokens apart, and takes many addresses for a pool', () => {
    expect(
      walked([
        [0, 'a', 'x'],
        [0.1, 'b', 'y'],
        [0.2, 'a', 'x'],
        [0.3, 'b', 'y'],
      ]),
    ).toEqual([]);
    const pool = Array.from({ length: 60 }, (_, index) => [index / 10, `ip-${index % 5}`] as const);
    expect(walked(pool)).toEqual([]);
  });
});
