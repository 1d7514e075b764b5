import { describe, expect, it } from 'vitest';
import { DetectorRun, detectorConformance } from '../src/engine/detect/testing/conformance.ts';
import { SeededRandom } from '../src/engine/detect/testing/random.ts';
import { scenario } from '../src/engine/detect/testing/scenario.ts';
import volumeSpike from './volume-spike.ts';

detectorConformance(volumeSpike);

const DAY = 1_440;
const agent = scenario('acme').agent('invoice-bot');

/** Days of steady work: about `rate` reads a minute of about 30 records each. */
function worked(days: number, rate: number, options: object = {}) {
  const run = new DetectorRun(volumeSpike, { options });
  const random = new SeededRandom(5);
  const verdicts = [];
  for (let minute = 0; minute < days * DAY; minute += 1) {
    const calls = random.negativeBinomial(rate, 0.1);
    for (let call = 0; call < calls; call += 1) {
      const event = agent.at(minute + call / (calls + 1)).reads(20 + random.integer(20));
      verdicts.push(...run.see(event));
    }
  }
  return { run, verdicts, end: days * DAY };
}

describe('volume_spike', () => {
  it('leaves steady work alone', () => {
    expect(worked(4, 8).verdicts).toEqual([]);
  });

  it('suspends at the very event that crosses the hard multiple, within the minute', () => {
    const { run, end } = worked(4, 8);
    const seen = [];
    for (let call = 0; call < 400 && seen.length === 0; call += 1) {
      seen.push(...run.see(agent.at(end + call / 500).reads(60)).filter(isSuspension));
    }
    const [verdict] = seen;
    expect(verdict?.trip).toEqual({ key: 'agent', level: 4 });
    const usual = verdict?.measures?.['usual_up_to'] ?? 0;
    expect(verdict?.actual).toBeLessThan(2 * Math.max(5 * (verdict?.typical ?? 0), usual));
    expect(verdict?.measures?.['ratio']).toBeGreaterThanOrEqual(5);
    expect(verdict?.actual).toBeGreaterThan(verdict?.measures?.['usual_up_to'] ?? Infinity);
    expect(verdict?.probability).toBeLessThan(1e-9);
  });

  it('explains itself in words', () => {
    const { run, end } = worked(4, 8);
    const seen = [];
    for (let call = 0; call < 400; call += 1) {
      seen.push(...run.see(agent.at(end + call / 500).reads(60)).filter(isSuspension));
    }
    expect(seen[0]?.title).toMatch(
      /^[\d,]+ (records|calls) in 1 minute, usually up to [\d,]+ \([\d.]+ times the typical \d+\)$/,
    );
    expect(seen[0]?.explanation).toMatch(/judged by [\d.]+ days of its own history\.$/);
    expect(new Set(seen.map(({ dedupKey }) => dedupKey))).toEqual(new Set(['spike']));
  });

  it('catches one enormous read of an agent that reads little', () => {
    const { run, end } = worked(3, 2);
    const [verdict] = run.see(agent.at(end).reads(50_000));
    expect(verdict?.trip?.level).toBe(4);
    expect(verdict?.facts?.['measure']).toBe('records');
  });

  it('throttles a rise below the hard multiple once it lasts, then asks for approval', () => {
    const { run, end } = worked(4, 10);
    const levels = new Map<number, number>();
    for (let minute = 0; minute < 45; minute += 1) {
      for (let call = 0; call < 38; call += 1) {
        for (const { trip } of run.see(agent.at(end + minute + call / 40).reads(30))) {
          if (trip && !levels.has(trip.level)) levels.set(trip.level, minute);
        }
      }
    }
    expect(levels.get(1)).toBeLessThan(10);
    expect(levels.get(2)).toBeGreaterThanOrEqual(25);
    expect(levels.has(4)).toBe(false);
  });

  it('does not act below the floor, however far above typical', () => {
    const { run, end } = worked(3, 0.05);
    const seen = [];
    for (let call = 0; call < 19; call += 1) {
      seen.push(...run.see(agent.at(end + call / 60).calls('list_files', 'list')));
    }
    expect(seen.filter(isSuspension)).toEqual([]);
  });

  it('notes a spike of a new agent and holds it as cold start', () => {
    const { run, end } = worked(0.5, 2);
    const seen = [];
    for (let call = 0; call < 39; call += 1) {
      seen.push(...run.see(agent.at(end + call / 60).reads(300)));
    }
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.every(({ trip, held }) => trip === null && held === 'cold_start')).toBe(true);
  });

  it('stops a flood of an agent with three reads in its life, within 50 reads', () => {
    const run = new DetectorRun(volumeSpike);
    for (const minute of [0, 40, 130]) expect(run.see(agent.at(minute).reads(1))).toEqual([]);
    let reads = 0;
    for (let trips = 0; trips === 0 && reads < 1_168; reads += 1) {
      const event = agent.at(600 + (reads * 25) / 1_168 / 60).reads(1);
      trips = run.see(event).filter(isSuspension).length;
    }
    expect(reads).toBeLessThanOrEqual(50);
  });

  it('says nothing of an agent it met within the hour, having nothing to compare with', () => {
    const run = new DetectorRun(volumeSpike);
    const seen = [];
    for (let call = 0; call < 39; call += 1) seen.push(...run.see(agent.at(call / 100).reads(300)));
    expect(seen).toEqual([]);
  });

  it('asks for approval when the very first hour begins with a flood', () => {
    const run = new DetectorRun(volumeSpike);
    const levels = [];
    for (let call = 0; call < 90; call += 1) {
      levels.push(...run.see(agent.at(call / 600).reads(1)).map(({ trip }) => trip?.level));
    }
    expect(levels).toContain(2);
    expect(levels).not.toContain(4);
  });

  it('lets a busy new agent work below the cold start pace', () => {
    const run = new DetectorRun(volumeSpike);
    const seen = [];
    for (let call = 0; call < 2_000; call += 1)
      seen.push(...run.see(agent.at(call / 200).reads(1)));
    expect(seen.filter(({ trip }) => trip)).toEqual([]);
  });

  it('obeys a cap at any age, just above it and not at it', () => {
    const run = new DetectorRun(volumeSpike, { options: { caps: { records: 100 } } });
    expect(run.see(agent.at(0).reads(100))).toEqual([]);
    const [verdict] = run.see(agent.at(0.5).reads(1));
    expect(verdict?.trip).toEqual({ key: 'agent', level: 4 });
    expect(verdict?.facts?.['limit']).toBe('cap');
  });

  it('refuses options it does not know', () => {
    expect(() => volumeSpike.config.parse({ hard_multipel: 3 })).toThrow();
  });
});

function isSuspension({ trip }: { trip: { level: number } | null }): boolean {
  return trip?.level === 4;
}

/** Four days of a session every ten minutes, of calls that cost a cent and touch three accounts. */
function busy() {
  const run = new DetectorRun(volumeSpike, {});
  const random = new SeededRandom(6);
  for (let minute = 0; minute < 4 * DAY; minute += 1) {
    for (let call = 0; call < random.negativeBinomial(3, 0.1); call += 1) {
      run.see(costly(minute + call / 100, { session: minute / 10, to: random.integer(3) }));
    }
  }
  return run;
}

function costly(
  minute: number,
  { session = 0, to = 0, dollars = 0.01 }: { session?: number; to?: number; dollars?: number },
) {
  return {
    ...agent.at(minute).reads(1),
    session: { id: `s-${Math.floor(session)}` },
    resource: { type: 'account', id: `account-${to}` },
    volume: { records: 1, costUsd: dollars },
  };
}

describe('volume_spike beside the main measures', () => {
  it('asks a person about calls that cost far more, in dollars', () => {
    const run = busy();
    const seen = [1, 2, 3].flatMap((call) => run.see(costly(4 * DAY + call / 60, { dollars: 4 })));
    expect(seen.at(-1)?.facts?.['measure']).toBe('cost');
    expect(seen.at(-1)?.trip).toEqual({ key: 'agent', level: 2 });
    expect(seen.at(-1)?.title).toMatch(/^\$\d+\.00 of cost in 1 minute, usually up to \$\d\.\d\d/);
  });

  it.each([
    ['targets', 'different resources and destinations', (call: number) => ({ to: call })],
    ['sessions', 'new sessions', (call: number) => ({ session: 1_000_000 + call })],
  ])('counts %s while the calls are no more than usual', (measure, noun, change) => {
    const run = busy();
    const seen = [];
    // Ten a minute of an agent with three: no spike of calls.
    for (let call = 0; call < 600; call += 1) {
      seen.push(...run.see(costly(4 * DAY + call / 10, change(100 + call))));
    }
    const found = seen.filter(({ facts }) => facts?.['measure'] === measure);
    expect(found.length).toBeGreaterThan(0);
    expect(found.every(({ trip }) => (trip?.level ?? 0) <= 2)).toBe(true);
    expect(found[0]?.title).toContain(noun);
  });

  it('leaves sessions and accounts alone that come again', () => {
    const run = busy();
    const seen = [];
    for (let call = 0; call < 300; call += 1) {
      seen.push(...run.see(costly(4 * DAY + call / 5, { session: call / 50, to: call % 3 })));
    }
    expect(seen.filter(({ facts }) => facts?.['measure'] !== 'calls')).toEqual([]);
  });

  it('a cap on them suspends', () => {
    const run = new DetectorRun(volumeSpike, { options: { caps: { cost: 5_000_000 } } });
    const [verdict] = run.see(costly(0, { dollars: 6 }));
    expect(verdict?.trip?.level).toBe(4);
    expect(verdict?.title).toBe('$6.00 of cost within a minute, over the limit of $5.00');
  });
});
