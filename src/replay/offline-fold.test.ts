import { describe, expect, it } from 'vitest';
import type { ReceivedEvent } from '../core/access-event.ts';
import type { Effect } from '../core/entry.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { defineDetector } from '../engine/detect/detector.ts';
import { eventOf, OBEDIENT, START } from '../engine/testing/entries.ts';
import { offlineRedactor } from '../offline.ts';
import { agentKey, OfflineFold } from './offline-fold.ts';

/** Reports how many events of an agent it has seen, so that state that leaks shows. */
const COUNTER = defineDetector({
  ...OBEDIENT,
  id: 'counter',
  family: 'statistical',
  observe: (event, state, context) => {
    const verdicts = OBEDIENT.observe(event, state, context);
    return verdicts.map((verdict) => ({ ...verdict, actual: state.seen }));
  },
});

function createFold(): OfflineFold {
  const fold = new OfflineFold({
    shard: { registry: { detectors: [COUNTER] }, initialPosture: 'enforce' },
    redactor: offlineRedactor(),
    sender: { name: 'replay', roles: ['ingest'], tenants: '*', trust: 'broker' },
  });
  const agents = [{ tenant: 'acme', agent: '*' }];
  fold.grant('acme', { agents, principals: [], resources: [], actions: [] });
  return fold;
}

function received(id: string, time: number, attrs: ReceivedEvent['attrs'] = {}): ReceivedEvent {
  const { tenant: _tenant, source: _source, ...event } = eventOf({ id, time, attrs });
  return { ...event, source: { format: 'native' }, tenantClaimed: 'acme' };
}

function fold(
  into: OfflineFold,
  id: string,
  time: number,
  attrs: ReceivedEvent['attrs'] = {},
): readonly Effect[] {
  const effects = into.event(received(id, time, attrs), 1, false);
  if ('code' in effects) throw new Error(effects.message);
  return effects;
}

const transitionsOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'transition' ? effect.decision : []));

const findingsOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === 'finding' ? effect.decision : []));

describe('OfflineFold', () => {
  it('makes up the tick that moves a breaker on, at its own second, however long the gap', () => {
    const offline = createFold();
    fold(offline, 'a', START + 300, { trip: 1 });
    const [over, closing] = transitionsOf(fold(offline, 'b', START + 100 * HOUR_MS));
    expect(over).toMatchObject({ from: 'open', to: 'probation', class: 'timer' });
    expect(over?.time).toBe(START + 5 * MINUTE_MS + 1_000);
    expect(closing).toMatchObject({
      from: 'probation',
      to: 'closed',
      time: over && over.time + HOUR_MS,
    });
  });

  it('makes up no tick before the event has passed it', () => {
    const offline = createFold();
    fold(offline, 'a', START, { trip: 1 });
    expect(fold(offline, 'b', START + 5 * MINUTE_MS - 1)).toEqual([]);
    expect(transitionsOf(fold(offline, 'c', START + 5 * MINUTE_MS))).toHaveLength(1);
  });

  it('never turns log time back for an event that comes late', () => {
    const offline = createFold();
    fold(offline, 'a', START + MINUTE_MS, { trip: 1 });
    const [trip] = transitionsOf(fold(offline, 'b', START, { trip: 2 }));
    expect(trip).toMatchObject({ level: 2, time: START });
    const closing = transitionsOf(fold(offline, 'c', START + 15 * MINUTE_MS));
    expect(closing).toEqual([]);
    expect(transitionsOf(fold(offline, 'd', START + 16 * MINUTE_MS))).toHaveLength(1);
  });

  it('learns from history without output, even from history later than the input', () => {
    const offline = createFold();
    const late = START + 48 * HOUR_MS;
    expect(offline.event(received('h', late, { trip: 5 }), 1, true)).toEqual([]);
    const [finding] = findingsOf(fold(offline, 'a', START, { trip: 2 }));
    expect(finding).toMatchObject({ actual: 2, decision: { tripped: true } });
    expect(transitionsOf(fold(offline, 'b', START + HOUR_MS))).toHaveLength(1);
  });

  it('comes back to the same state from every thaw, untouched by what was folded since', () => {
    const offline = createFold();
    offline.event(received('h', START), 1, true);
    const frozen = offline.freeze();
    const run = (): readonly unknown[] => {
      offline.thaw(frozen, [agentKey('acme', 'bot')]);
      const effects = [
        ...fold(offline, 'a', START + MINUTE_MS, { trip: 2 }),
        ...fold(offline, 'b', START + 2 * MINUTE_MS, { trip: 4 }),
        ...fold(offline, 'c', START + 10 * HOUR_MS),
      ];
      return effects.map(({ kind, decision: { time } }) => [kind, time]);
    };
    const first = run();
    expect(first).toHaveLength(9);
    expect(run()).toEqual(first);
    expect(run()).toEqual(first);
    offline.thaw(frozen, [agentKey('acme', 'bot')]);
    const [finding] = findingsOf(fold(offline, 'a', START + MINUTE_MS, { trip: 2 }));
    expect(finding?.actual).toBe(2);
  });

  it('brings only the named agents along', () => {
    const offline = createFold();
    offline.event(received('h', START), 1, true);
    const frozen = offline.freeze();
    offline.thaw(frozen, []);
    const [finding] = findingsOf(fold(offline, 'a', START + MINUTE_MS, { trip: 2 }));
    expect(finding?.actual).toBe(1);
  });

  it('passes the grants through the redactor, so that they meet redacted events', () => {
    const offline = createFold();
    const person = 'mailbox-of:bob@example.com';
    offline.grant('acme', {
      agents: [{ tenant: 'acme', agent: 'bot', resources: [person] }],
      principals: [],
      resources: [],
      actions: [],
    });
    const granted = JSON.stringify(offline.freeze().common);
    expect(granted).not.toContain('bob@example.com');
    expect(granted).toContain(offlineRedactor().redactText('acme', person));
  });
});
