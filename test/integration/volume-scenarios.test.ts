import { describe, expect, it } from 'vitest';
import volumeSpike from '../../detectors/volume-spike.ts';
import type { Effect } from '../../src/core/entry.ts';
import { MINUTE_MS } from '../../src/core/time.ts';
import { SeededRandom } from '../../src/engine/detect/testing/random.ts';
import { Shard } from '../../src/engine/shard.ts';
import { EntryWriter } from '../../src/engine/testing/entries.ts';

const DAY = 1_440;
const START = Date.UTC(2026, 0, 5);

/** Agents of one role in one tenant, through the whole engine: every call an event of its own. */
class Fleet {
  readonly #shard = new Shard({
    registry: { detectors: [volumeSpike] },
    initialPosture: 'enforce',
  });
  readonly #write = new EntryWriter();
  readonly #random = new SeededRandom(17);
  #id = 0;

  constructor() {
    const grant = { tenant: 'acme', agent: '*', role: 'reader' };
    this.#shard.apply([this.#write.term(1), this.#write.grant('acme', [grant], START)]);
  }

  /** One call at this minute, fractions allowed; the levels of what it tripped. */
  call(agent: string, minute: number, version?: string): readonly number[] {
    const time = Math.round(START + minute * MINUTE_MS);
    this.#id += 1;
    const event = { id: `e-${this.#id}`, time, agent: { id: agent, ...(version && { version }) } };
    return tripped(this.#shard.apply([this.#write.input(event, time)]));
  }

  /** Minutes of about `rate` calls each, unsteady; every level tripped. */
  work(agents: Readonly<Record<string, number>>, from: number, minutes: number): readonly number[] {
    const levels: number[] = [];
    for (let minute = from; minute < from + minutes; minute += 1) {
      for (const [agent, rate] of Object.entries(agents)) {
        const calls = this.#random.negativeBinomial(rate, 0.1);
        for (let call = 0; call < calls; call += 1) {
          levels.push(...this.call(agent, minute + call / (calls + 1)));
        }
      }
    }
    return levels;
  }
}

function tripped(effects: readonly Effect[]): readonly number[] {
  return effects.flatMap(({ kind, decision }) =>
    kind === 'transition' && decision.to === 'open' ? [decision.level] : [],
  );
}

describe('volume through the engine', () => {
  it('stops 1,168 reads in 25 seconds after three in a lifetime within 50 of them', () => {
    const fleet = new Fleet();
    for (const minute of [0, 40, 9 * DAY]) expect(fleet.call('idle-bot', minute)).toEqual([]);
    let reads = 0;
    for (let stopped = false; !stopped && reads < 1_168; reads += 1) {
      const levels = fleet.call('idle-bot', 12 * DAY + (reads * 25) / 1_168 / 60);
      stopped = levels.some((level) => level >= 4);
    }
    expect(reads).toBeLessThanOrEqual(50);
  });

  it('stops a tenfold spike within three minutes', () => {
    const fleet = new Fleet();
    expect(fleet.work({ bot: 3 }, 0, 2 * DAY)).toEqual([]);
    expect(Math.max(...fleet.work({ bot: 30 }, 2 * DAY, 3))).toBe(4);
  });

  it('notices a regular agent that goes to six times its pace', () => {
    const fleet = new Fleet();
    for (let minute = 0; minute < 2 * DAY; minute += 0.5) fleet.call('clockwork', minute);
    const levels: number[] = [];
    for (let minute = 2 * DAY; minute < 2 * DAY + 10; minute += 1 / 12) {
      levels.push(...fleet.call('clockwork', minute));
    }
    expect(Math.max(...levels)).toBeGreaterThanOrEqual(1);
  });

  it('notices a small agent at twenty times its pace beside a large one', () => {
    const fleet = new Fleet();
    expect(fleet.work({ small: 0.5, large: 6 }, 0, 2 * DAY)).toEqual([]);
    const levels = fleet.work({ small: 10, large: 6 }, 2 * DAY, 10);
    expect(Math.max(...levels)).toBe(4);
  });

  it.each([
    ['1.0', 4],
    ['2.0', 2],
  ])('answers version %s at ten times its pace with level %i', (version, level) => {
    const fleet = new Fleet();
    const levels: number[] = [];
    for (let minute = 0; minute < 2 * DAY; minute += 0.25) {
      levels.push(...fleet.call('released', minute, '1.0'));
    }
    expect(levels).toEqual([]);
    for (let minute = 2 * DAY; minute < 2 * DAY + 10; minute += 1 / 40) {
      levels.push(...fleet.call('released', minute, version));
    }
    expect(Math.max(...levels)).toBe(level);
  });

  it('leaves stationary noisy agents alone', () => {
    const rates = { a: 0.3, b: 1, c: 3 };
    expect(new Fleet().work(rates, 0, 4 * DAY)).toEqual([]);
  });
});
