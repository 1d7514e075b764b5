import { describe, expect, it } from 'vitest';
import type { DetectorVerdict } from '../src/engine/detect/detector.ts';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import denialBurst from './denial-burst.ts';

detectorConformance(denialBurst);

const agent = scenario('acme').agent('bot');

function lived(
  run: DetectorRun,
  from: number,
  minutes: number,
  share: number,
): readonly DetectorVerdict[] {
  const random = new SeededRandom(11);
  const seen: DetectorVerdict[] = [];
  for (let minute = from; minute < from + minutes; minute += 1) {
    for (let call = 0; call < 4; call += 1) {
      const status = random.uniform() < share ? 'denied' : 'success';
      const step = agent.at(minute + call / 5).on('crm', `c-${call}`);
      seen.push(...run.see(step.outcome(status).calls('read_record')));
    }
  }
  return seen;
}

/** One refusal of a thing of its own, every few seconds, in the first minutes of an agent. */
function probe(run: DetectorRun, count: number, resource: (index: number) => string) {
  const denied = agent.outcome('denied');
  return Array.from({ length: count }, (_, index) =>
    run.see(
      denied
        .at(index / 10)
        .on('vault', resource(index))
        .calls('read_secret'),
    ),
  ).flat();
}

describe('denial_burst', () => {
  it('tells within minutes that an agent is refused again and again', () => {
    const run = new DetectorRun(denialBurst);
    expect(lived(run, 0, 2_000, 0.03)).toEqual([]);
    const [first] = lived(run, 2_000, 6, 0.9);
    expect(first).toMatchObject({ level: 'medium', trip: { key: 'agent', level: 1 } });
  });

  it('tells an agent of any age that tries many doors', () => {
    const [first] = probe(new DetectorRun(denialBurst), 30, (index) => `secret-${index}`);
    expect(first).toMatchObject({
      level: 'high',
      facts: { kind: 'probing' },
      trip: { key: 'agent', level: 2 },
    });
    expect(first?.title).toMatch(/^Refused about 1\d different things within 10 minutes$/);
  });

  it('takes the same door again and again for no probing', () => {
    expect(probe(new DetectorRun(denialBurst), 200, () => 'secret-1')).toEqual([]);
  });

  it('takes some refusals among much that is granted for no probing', () => {
    const run = new DetectorRun(denialBurst);
    const seen = Array.from({ length: 90 }, (_, index) => {
      const step = agent.at(index / 10).on('crm', `c-${index}`);
      return run.see(step.outcome(index % 3 === 0 ? 'denied' : 'success').calls('read_record'));
    });
    expect(seen.flat()).toEqual([]);
  });

  it('is not fooled by a clock that was ahead', () => {
    const run = new DetectorRun(denialBurst);
    run.see(agent.at(1e6).outcome('denied').calls('read_secret'));
    expect(probe(run, 30, (index) => `secret-${index}`)).not.toEqual([]);
  });

  it('names what it lacks', () => {
    const untold = agent.outcome('unknown').calls('read_record');
    expect(new DetectorRun(denialBurst).blindFor(untold)).toBe('decision.verdict');
  });
});
