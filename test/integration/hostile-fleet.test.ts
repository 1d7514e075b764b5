import { describe, expect, it } from 'vitest';
import { REGISTRY } from '../../src/components.ts';
import type { AccessEvent } from '../../src/core/access-event.ts';
import type { Effect } from '../../src/core/entry.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/core/time.ts';
import { Shard } from '../../src/engine/shard.ts';
import { snapshot } from '../../src/engine/snapshot.ts';
import { EntryWriter } from '../../src/engine/testing/entries.ts';

const START = Date.UTC(2026, 0, 5);
const SECOND = 1_000;
/** Of one agent at its worst, a full memory of facts as JSON text included. */
const AGENT_BYTES_MAX = 34 * 1_024;
const FLOOD = 1_000;

type Change = Partial<AccessEvent>;

/** One agent with a day of ordinary work, all detectors on, enforcing. */
class Attacked {
  readonly #shard = new Shard({ registry: REGISTRY, initialPosture: 'enforce' });
  readonly #write = new EntryWriter();
  #id = 0;

  constructor() {
    const grant = { tenant: 'acme', agent: '*', role: 'reader' };
    this.#shard.apply([this.#write.term(1), this.#write.grant('acme', [grant], START)]);
    for (let minute = 0; minute < 1_440; minute += 2) this.see({}, START + minute * MINUTE_MS);
  }

  see(change: Change, time: number, loggedAt = time): readonly Effect[] {
    this.#id += 1;
    const session = { id: `s-${Math.floor(time / HOUR_MS)}` };
    const event = { id: `e-${this.#id}`, time, session, ...change };
    return this.#shard.apply([this.#write.input(event, loggedAt)]);
  }

  /** As many calls as `FLOOD`, each of its own kind. */
  flood(changeOf: (serial: number) => Change, everyMs: number): readonly Effect[] {
    return Array.from({ length: FLOOD }, (_, serial) =>
      this.see(changeOf(serial), START + DAY_MS + serial * everyMs),
    ).flat();
  }

  /** The largest agent as JSON text in a snapshot. */
  get agentBytes(): number {
    let largest = 0;
    for (const chunk of snapshot(this.#shard)) {
      if (chunk.type === 'agent') largest = Math.max(largest, JSON.stringify(chunk).length);
    }
    return largest;
  }
}

function trips(effects: readonly Effect[]): number {
  return effects.filter(({ kind, decision }) => kind === 'transition' && decision.to === 'open')
    .length;
}

function findings(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((each) => (each.kind === 'finding' ? [each.decision.detector] : []));
}

const NAMES: Readonly<Record<string, (serial: number) => Change>> = {
  tools: (at) => ({ action: { name: `tool_${at}\nand a second line\u0000`, op: 'write' } }),
  destinations: (at) => ({
    action: { name: 'send_email', op: 'write' },
    destinations: [{ type: 'email', value: `email:${at}`, group: `group-${at}.example` }],
  }),
  resources: (at) => ({ resource: { type: `type-${at}`, id: `id-${at}`, tenant: 'acme' } }),
  'sessions, people and tasks': (at) => ({
    session: { id: `own-${at}` },
    principal: { sub: `person-${at}` },
    intent: { scope: `task-${at}` },
  }),
};

describe('an agent that makes up', () => {
  it.each(Object.entries(NAMES))('%s is stopped at speed, and stays within its bytes', (_, of) => {
    const attacked = new Attacked();
    const effects = attacked.flood(of, 10);
    expect(trips(effects)).toBeGreaterThan(0);
    expect(trips(effects)).toBeLessThan(20);
    expect(findings(effects).length).toBeLessThan(300);
    expect(attacked.agentBytes).toBeLessThan(AGENT_BYTES_MAX);
  });

  it.each(['tools', 'destinations'])('%s is told of once an hour as a flood of names', (kind) => {
    const effects = new Attacked().flood(NAMES[kind] ?? (() => ({})), SECOND);
    expect(findings(effects).filter((name) => name === 'name_flood')).toHaveLength(1);
  });

  it('no names is told of no flood of them, however much it does', () => {
    const effects = new Attacked().flood(NAMES['resources'] ?? (() => ({})), SECOND);
    expect(findings(effects)).not.toContain('name_flood');
  });

  it('destinations is told of as a flood', () => {
    const effects = new Attacked().flood(NAMES['destinations'] ?? (() => ({})), SECOND);
    expect(findings(effects).filter((name) => name === 'finding_flood')).toHaveLength(1);
  });

  it('tools once in a while trips no breaker for each of them', () => {
    const attacked = new Attacked();
    expect(trips(attacked.flood(NAMES['tools'] ?? (() => ({})), 2 * MINUTE_MS))).toBeLessThan(5);
    expect(attacked.agentBytes).toBeLessThan(AGENT_BYTES_MAX);
  });
});

describe('figures that are none', () => {
  const odd = [Number.NaN, -5, 1e308, Number.NEGATIVE_INFINITY, -1e-300];

  it('trip nothing and leave the agent as it can be judged', () => {
    const attacked = new Attacked();
    const effects = attacked.flood((at) => {
      const value = odd[at % odd.length] ?? 0;
      // Sizes as large as they come are real; what is below zero or no number is not.
      const size = value > 0 ? 1 : value;
      return {
        action: { name: 'pay', op: 'write', amount: { value } },
        volume: { records: size, bytesOut: size, tokensIn: size, costUsd: size },
        latencyMs: value,
      };
    }, 2 * MINUTE_MS);
    expect(trips(effects)).toBe(0);
    expect(findings(effects)).not.toContain('entry_failed');
    expect(findings(effects)).not.toContain('detector_failed');
    const late = START + DAY_MS + (FLOOD + 1) * 2 * MINUTE_MS;
    const burst = Array.from({ length: 300 }, (_, at) => attacked.see({}, late + at * 20)).flat();
    expect(trips(burst)).toBeGreaterThan(0);
  });
});

describe('clocks that jump and counters that go backwards', () => {
  it('trip nothing, and are told of at most once an hour', () => {
    const attacked = new Attacked();
    const effects = Array.from({ length: FLOOD }, (_, at) => {
      const loggedAt = START + DAY_MS + at * MINUTE_MS;
      const jumps = [0, -3 * DAY_MS, 400 * DAY_MS, -10 * MINUTE_MS, 30_000];
      const seq = at % 2 === 0 ? FLOOD - at : at;
      const source = {
        ...{ format: 'native', deliveredBy: 'broker', trust: 'broker' as const },
        ...{ name: 'gateway', seq },
      };
      return attacked.see({ source }, loggedAt + (jumps[at % jumps.length] ?? 0), loggedAt);
    }).flat();
    expect(trips(effects)).toBe(0);
    const told = findings(effects);
    expect(told).toContain('clock_skew');
    expect(told.length).toBeLessThan((3 * FLOOD) / 60 + 10);
    expect(attacked.agentBytes).toBeLessThan(AGENT_BYTES_MAX);
  });
});

describe('50 actions never seen before', () => {
  it('within minutes are stopped, although no grant names tools', () => {
    const attacked = new Attacked();
    const effects = Array.from({ length: 50 }, (_, at) =>
      attacked.see(
        { action: { name: `never_seen_${at}`, op: 'write' } },
        START + DAY_MS + at * 10 * SECOND,
      ),
    ).flat();
    expect(trips(effects)).toBeGreaterThan(0);
  });
});
