import { describe, expect, it } from 'vitest';
import silence from '../../detectors/silence.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { Shard } from './shard.ts';
import { EntryWriter } from './testing/entries.ts';

const START = Date.UTC(2026, 0, 5);
const STOPS = START + 16 * DAY_MS + 10 * HOUR_MS;

/** Agents that call every five minutes, day and night, until they stop. */
function found(stopping: readonly string[], working: readonly string[]) {
  const log = new EntryWriter();
  const shard = new Shard({ registry: { detectors: [silence] }, initialPosture: 'enforce' });
  const seen = [];
  for (let time = START; time < STOPS + 12 * HOUR_MS; time += 5 * MINUTE_MS) {
    const agents = time < STOPS ? [...stopping, ...working] : working;
    const calls = agents.map((id) => log.input({ id: `${id}-${time}`, time, agent: { id } }, time));
    seen.push(...shard.apply([...calls, log.tick(time)]));
  }
  return seen.flatMap((effect) => (effect.kind === 'finding' ? [effect.decision] : []));
}

describe('a look at quiet agents', () => {
  it('tells once of the one that stopped, by the name of its last event', () => {
    const findings = found(['gone'], ['one', 'two']);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({
      detector: 'silence',
      agent: 'gone',
      mode: 'shadow',
      eventId: `gone-${STOPS - 5 * MINUTE_MS}`,
      decision: { tripped: false, why: 'shadow' },
    });
  });

  it('tells nothing where most stop at once: that is their source', () => {
    expect(found(['a', 'b', 'c'], ['one'])).toEqual([]);
  });
});
