import { describe, expect, it } from 'vitest';
import type { Effect } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { HOUR_MS, SECOND_MS } from '../core/time.ts';
import { Shard } from './shard.ts';
import { restore, snapshot } from './snapshot.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const MOST = LIMITS.findingsPerAgentHour;

/** Events that each make one finding: as many as asked, a second apart. */
function flood(shard: Shard, write: EntryWriter, count: number, from: number, level = 4) {
  const effects: Effect[] = [];
  for (let at = 0; at < count; at += 1) {
    const time = from + at * SECOND_MS;
    const event = { id: `e-${time}`, time, attrs: { trip: level } };
    effects.push(...shard.apply([write.input(event, time)]));
  }
  return effects;
}

function toldOf(effects: readonly Effect[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const effect of effects) {
    const name = effect.kind === 'finding' ? effect.decision.detector : effect.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

function started(): { shard: Shard; write: EntryWriter } {
  const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  const agents = [{ tenant: 'acme', agent: '*' }];
  shard.apply([write.term(1), write.grant('acme', agents)]);
  return { shard, write };
}

describe('a flood of findings of one agent', () => {
  it('is told once an hour in the place of what exceeds the limit', () => {
    const { shard, write } = started();
    const first = flood(shard, write, 500, START);
    expect(toldOf(first)).toEqual({
      // The first of them opens the breaker, and does not count.
      obedient: MOST + 1,
      transition: 1,
      revocation: 1,
      finding_flood: 1,
    });
    const next = flood(shard, write, 500, START + HOUR_MS);
    expect(toldOf(next)).toEqual({ obedient: MOST, finding_flood: 1 });
  });

  it('withholds nothing that opens a breaker', () => {
    const { shard, write } = started();
    flood(shard, write, 500, START, 1);
    const effects = flood(shard, write, 1, START + 600 * SECOND_MS, 4);
    expect(toldOf(effects)).toEqual({ obedient: 1, transition: 1, revocation: 1 });
  });

  it('still keeps the agent from teaching its baseline', () => {
    const { shard, write } = started();
    flood(shard, write, 500, START);
    const agent = shard.tenants.get('acme')?.agents.get('bot');
    expect(agent?.quarantinedUntil).toBeGreaterThan(START + 500 * SECOND_MS);
  });

  it('is counted across a restart', () => {
    const { shard, write } = started();
    flood(shard, write, MOST, START);
    const restored = new Shard({ registry: shard.registry, initialPosture: 'enforce' });
    restore(restored, JSON.parse(JSON.stringify([...snapshot(shard)])));
    const from = START + 600 * SECOND_MS;
    const rest = flood(restored, write, 50, from);
    expect(toldOf(rest)).toEqual({ obedient: 1, finding_flood: 1 });
  });
});
