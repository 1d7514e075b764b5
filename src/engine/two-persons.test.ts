import { describe, expect, it } from 'vitest';
import type { Command, Effect } from '../core/entry.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { ruleOnLevel } from '../revocation/check/level-rule.ts';
import { stateOf } from './breaker/board.ts';
import { strictest } from './breaker/check.ts';
import { Shard } from './shard.ts';
import { EntryWriter, OBEDIENT, START } from './testing/entries.ts';

const KEY = { tenant: 'acme', kind: 'agent', id: 'bot' } as const;
const SAID = { actor: 'kim', reason: 'r', key: KEY } as const;

/** A tenant, one person who gives every order alone, and a clock. */
function alone() {
  const shard = new Shard({ registry: { detectors: [OBEDIENT] }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  let now = START;
  let events = 0;
  shard.apply([write.term(1), write.grant('acme', [{ tenant: 'acme', agent: '*' }])]);
  const board = () => shard.tenant('acme').board;
  const state = () => stateOf(board(), KEY);
  const order = (command: Command): readonly Effect[] =>
    shard.apply([write.command('acme', command, now)]);
  return {
    board,
    state,
    order,
    wait: (ms: number) => {
      now += ms;
      shard.apply([write.tick(now)]);
    },
    proof: (level: number) => {
      now += MINUTE_MS;
      events += 1;
      const event = { id: `e${events}`, time: now, agent: { id: 'bot' }, attrs: { trip: level } };
      shard.apply([write.input(event, now)]);
    },
    trip: (level: 1 | 4) => order({ type: 'trip', ...SAID, level }),
    reset: () => order({ type: 'reset', ...SAID, epoch: state().epoch }),
    breakGlass: (forMs: number) => order({ type: 'break_glass', ...SAID, forMs, ticket: 'T-1' }),
    /** What an enforcement point answers of a read. */
    allows: () => {
      const { posture } = shard.tenant('acme');
      const match = strictest(board(), undefined, { tenant: 'acme', agent: 'bot' }, posture);
      const level = match?.state.level ?? 0;
      const by = match && 'class' in match.state ? match.state.class : 'operator';
      return ruleOnLevel({ level, op: 'read', posture, class: by }).allow;
    },
  };
}

describe('one person', () => {
  it('does not close level 5 by way of break-glass and a trip at a lower level', () => {
    const { proof, breakGlass, trip, reset, state } = alone();
    proof(5);
    breakGlass(MINUTE_MS);
    trip(1);
    expect(state()).toMatchObject({ phase: 'isolated', level: 5 });
    expect(reset()).toEqual([]);
    expect(state()).toMatchObject({ phase: 'isolated', level: 5 });
  });

  it('does not close what is latched for coming back by taking it over', () => {
    const { proof, breakGlass, wait, trip, reset, state } = alone();
    for (let time = 0; time < 4; time += 1) {
      reset();
      proof(4);
    }
    expect(state()).toMatchObject({ phase: 'open', level: 4, latch: 'repeat' });
    trip(1);
    expect(state()).toMatchObject({ phase: 'isolated', level: 4 });
    expect(reset()).toEqual([]);
    breakGlass(MINUTE_MS);
    wait(2 * MINUTE_MS);
    expect(state()).toMatchObject({ phase: 'isolated', level: 4 });
    expect(reset()).toEqual([]);
  });

  it('does not let level 5 go on by putting the tenant into shadow', () => {
    const { proof, order, reset, state, allows } = alone();
    proof(5);
    expect(allows()).toBe(false);
    order({ type: 'shadow', actor: 'kim', reason: 'false alarms' });
    expect(allows()).toBe(false);
    expect(state()).toMatchObject({ phase: 'isolated', level: 5, by: 'kim' });
    expect(reset()).toEqual([]);
    expect(allows()).toBe(false);
  });

  it('may put into shadow what one person may close', () => {
    const { proof, order, allows } = alone();
    proof(4);
    order({ type: 'shadow', actor: 'kim', reason: 'false alarms' });
    expect(allows()).toBe(true);
  });

  it('breaks the glass once, and then not again for hours', () => {
    const { proof, breakGlass, wait, state } = alone();
    proof(5);
    expect(breakGlass(HOUR_MS)).not.toEqual([]);
    wait(59 * MINUTE_MS);
    expect(breakGlass(HOUR_MS)).toEqual([]);
    wait(2 * MINUTE_MS);
    expect(state()).toMatchObject({ phase: 'isolated', level: 5 });
    expect(breakGlass(HOUR_MS)).toEqual([]);
    wait(4 * HOUR_MS);
    expect(breakGlass(HOUR_MS)).not.toEqual([]);
  });
});
