import { describe, expect, it } from 'vitest';
import useAfterRevoke from '../../detectors/use-after-revoke.ts';
import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { Effect } from '../core/entry.ts';
import { MINUTE_MS } from '../core/time.ts';
import { stateOf } from './breaker/board.ts';
import { Shard } from './shard.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const SESSION: BreakerKey = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'bot' };
const AGENT: BreakerKey = { tenant: 'acme', kind: 'agent', id: 'bot' };
const TRIP_SESSION = { trip: 4, key: 'session' };

function start() {
  const detectors = [{ ...useAfterRevoke, defaultMode: 'enforce' } as const, OBEDIENT];
  const shard = new Shard({ registry: { detectors }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(1), write.grant('acme', [{ tenant: 'acme', agent: 'bot' }])]);
  let count = 0;
  const use = (minute: number, more: Partial<AccessEvent> = {}) => {
    count += 1;
    const time = START + minute * MINUTE_MS;
    const session = { id: 's-1' };
    return shard.apply([write.input({ id: `e${count}`, time, session, ...more }, time)]);
  };
  const state = (key: BreakerKey) => stateOf(shard.tenant('acme').board, key);
  /** The broker says that it applies the breaker as it stands. */
  const acknowledge = (key: BreakerKey, minute: number) => {
    const loggedAt = START + minute * MINUTE_MS;
    const { epoch } = state(key);
    const body = { receiver: 'gateway', jti: 'x', key, term: 1, epoch };
    const entry = { seq: 900 + minute, loggedAt, kind: 'ack', tenant: 'acme', body } as const;
    shard.apply([{ ...entry, engineVersion: 1 }]);
  };
  return { use, state, acknowledge };
}

const opened = (effects: readonly Effect[]) =>
  effects.flatMap(({ kind, decision }) =>
    kind === 'transition' && 'to' in decision && decision.to === 'open'
      ? [[decision.key.kind, decision.level]]
      : [],
  );

describe('what is used in spite of its revocation', () => {
  it('is held a rung higher each time an enforcement point lets it pass', () => {
    const { use, state, acknowledge } = start();
    use(0, { attrs: TRIP_SESSION });
    acknowledge(SESSION, 1);
    expect(opened(use(3))).toEqual([['agent', 4]]);
    // Nobody has said yet that the agent is held too.
    expect(opened(use(4))).toEqual([]);
    acknowledge(AGENT, 5);
    expect(opened(use(7))).toEqual([['agent', 5]]);
    expect(state(AGENT)).toMatchObject({ phase: 'open', level: 5, latch: 'level' });
    acknowledge(AGENT, 8);
    const told = use(10);
    expect(told.map(({ kind }) => kind)).toContain('finding');
    // Whatever holds more than one agent is for persons to stop.
    expect(opened(told)).toEqual([]);
  });

  it('is held no higher than level 2 on the word of an agent', () => {
    const { use, acknowledge } = start();
    use(0, { attrs: TRIP_SESSION });
    acknowledge(SESSION, 1);
    const source = { format: 'native', deliveredBy: 'bot', trust: 'agent' } as const;
    expect(opened(use(3, { source }))).toEqual([['agent', 2]]);
  });
});
