import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../core/access-event.ts';
import { chainIdOf } from '../../core/chain.ts';
import { LIMITS } from '../../core/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { restore, snapshot } from '../snapshot.ts';
import { EntryWriter, eventOf, START } from '../testing/entries.ts';
import { settleExecutions } from './held-steps.ts';

type Told = Partial<AccessEvent> & { readonly id: string };

const action = (toolCallId: string) => ({ name: 'read_thing', op: 'read', toolCallId }) as const;
const session = { id: 's-1' };
const SDK = { format: 'otlp.traces', deliveredBy: 'sdk', trust: 'agent' } as const;
const PDP = { format: 'opa', deliveredBy: 'opa', trust: 'pdp' } as const;

const span = (
  id: string,
  traceId: string,
  time = START,
  more: Partial<AccessEvent> = {},
): Told => ({
  ...{ id, time, session, source: SDK, trace: { traceId }, action: action('call_1') },
  ...more,
});
const record = (id: string, time = START, more: Partial<AccessEvent> = {}): Told => ({
  ...{ id, time, session, action: action('call_1') },
  ...more,
});

function fresh(): Shard {
  return new Shard({ registry: { detectors: [] }, initialPosture: 'enforce' });
}

/** The chains of a log, each as its event ids; the entry of event n is logged at its time. */
function chainsOf(told: readonly Told[], engine = fresh(), write = new EntryWriter()) {
  const into = new Map<string, string>();
  const effects = told.flatMap((event) => {
    return engine.apply([write.input(event, START + LIMITS.latenessMs)]);
  });
  for (const effect of effects) {
    if (effect.kind !== 'chain' || effect.decision.type !== 'joined') continue;
    into.set(effect.decision.alias, effect.decision.chain);
  }
  const chains = new Map<string, string[]>();
  for (const event of told) {
    let id = chainIdOf(write.input(event).body);
    for (let next = into.get(id); next !== undefined; next = into.get(id)) id = next;
    chains.set(id, [...(chains.get(id) ?? []), event.id]);
  }
  return [...chains.values()].map((ids) => ids.sort().join(' ')).sort();
}

describe('a counted call id', () => {
  it('joins a record without a trace to the traced call of its session, in either order', () => {
    expect(chainsOf([span('span', 't-1'), record('gateway')])).toEqual(['gateway span']);
    expect(chainsOf([record('gateway'), span('span', 't-1')])).toEqual(['gateway span']);
    const decided = record('pdp', START, { kind: 'authz_decision', source: PDP });
    const all = [record('gateway'), decided, span('span', 't-1')];
    expect(chainsOf(all)).toEqual(['gateway pdp span']);
    expect(chainsOf(all.toReversed())).toEqual(['gateway pdp span']);
  });

  it('joins a whole transaction that has no trace of its own', () => {
    const token = { txn: 'x-1' };
    const issued = { id: 'issued', kind: 'token_issue', token } as const;
    const told = [issued, record('gateway', START, { token }), span('span', 't-1')];
    expect(chainsOf(told)).toEqual(['gateway issued span']);
  });

  it('tells the turns of one session apart, by source and by time', () => {
    const later = START + MINUTE_MS;
    const turns = [
      record('gateway-1'),
      span('span-1', 't-1'),
      record('gateway-2', later),
      span('span-2', 't-2', later),
    ];
    expect(chainsOf(turns)).toEqual(['gateway-1 span-1', 'gateway-2 span-2']);
    const late = [record('gateway-1'), record('gateway-2', later), ...turns.slice(1, 2)];
    expect(chainsOf([...late, span('span-2', 't-2', later)])).toEqual([
      'gateway-1 span-1',
      'gateway-2 span-2',
    ]);
    const far = START + LIMITS.latenessMs + 1;
    expect(chainsOf([span('span', 't-1'), record('far', far)])).toEqual(['far', 'span']);
  });

  it('that no trace claims falls to its session after the lateness', () => {
    const engine = fresh();
    const write = new EntryWriter();
    const other = { id: 'plain', session };
    const told = (events: readonly Told[], at: number) =>
      engine.apply(events.map((event) => write.input(event, at))).flatMap((effect) => {
        return effect.kind === 'chain'
          ? [`${effect.decision.alias} ${effect.decision.chain} ${effect.decision.by}`]
          : [];
      });
    expect(told([other, record('a'), record('b')], START)).toEqual([]);
    expect(told([{ id: 'tick' }], START + LIMITS.latenessMs)).toEqual([]);
    const joined = ['a', 'b'].map((id) => `${chainIdOf(eventOf({ id }))} session:s-1 session`);
    expect(told([{ id: 'tock' }], START + LIMITS.latenessMs + 1)).toEqual(joined);
    expect(engine.tenant('acme').chains.counted.queue.size).toBe(0);
  });

  it('is judged with its session while it waits', () => {
    const engine = fresh();
    const write = new EntryWriter();
    const asked = { kind: 'authz_decision', source: PDP } as const;
    const allow = { decision: { verdict: 'allow' } } as const;
    engine.apply([
      write.input({ id: 'before', time: START - SECOND_MS, ...asked }),
      write.input({ id: 'decision', session, ...asked, ...allow }),
      write.input(record('ran')),
      write.input(record('alone', START, { session: { id: 's-2' } })),
      write.input({ id: 'after', time: START + SECOND_MS, ...asked }, START + SECOND_MS),
    ]);
    const { chains } = engine.tenant('acme');
    const due = START + LIMITS.decisionGraceMs + SECOND_MS + 1;
    const ids = settleExecutions(chains, due).map(({ execution }) => execution.eventId);
    expect(ids).toEqual(['alone']);
  });

  it('waits across a restart', () => {
    const told = [record('gateway'), span('span-9', 't-9', START, { session: { id: 's-9' } })];
    const rest = [span('span', 't-1'), record('other', START, { session: { id: 's-9' } })];
    const whole = fresh();
    const write = new EntryWriter();
    whole.apply(told.map((event) => write.input(event)));
    const restored = fresh();
    restore(restored, structuredClone([...snapshot(whole)]));
    const after = rest.map((event) => write.input(event));
    const effects = whole.apply(after);
    expect(restored.apply(after)).toEqual(effects);
    expect(effects.filter(({ kind }) => kind === 'chain')).toHaveLength(2);
  });

  it('is remembered within bounds', () => {
    const engine = fresh();
    const write = new EntryWriter();
    for (let n = 0; n < LIMITS.countedCalls + 100; n += 1) {
      engine.apply([write.input(record(`r-${n}`, START, { session: { id: `s-${n}` } }))]);
    }
    const { counted } = engine.tenant('acme').chains;
    expect(counted.queue.size).toBe(LIMITS.countedCalls);
    expect(counted.byKey.size).toBe(LIMITS.countedCalls);
  });

  const CALL = fc.record({
    agent: fc.constantFrom('bot', 'sub'),
    session: fc.constantFrom('s-1', 's-2'),
    call: fc.constantFrom('call_1', 'call_2'),
    source: fc.constantFrom('gateway', 'sdk', 'opa'),
    trace: fc.option(fc.constantFrom('t-1', 't-2', 't-3', 't-4')),
    minute: fc.integer({ min: 0, max: 60 }),
  });

  it('never joins strangers: other agents, sessions, calls, traces or times', () => {
    fc.assert(
      fc.property(fc.array(CALL, { maxLength: 30 }), (calls) => {
        // A trace is of one session and agent here, so that nothing else joins them.
        const told = calls.map((call, n): Told => {
          const scope = `${call.agent} ${call.session}`;
          return {
            id: `e-${n}`,
            time: START + call.minute * MINUTE_MS,
            agent: { id: call.agent },
            session: { id: call.session },
            source: { format: 'native', deliveredBy: call.source, trust: 'broker' },
            action: action(call.call),
            ...(call.trace === null ? {} : { trace: { traceId: `${scope} ${call.trace}` } }),
          };
        });
        const byId = new Map(told.map((event) => [event.id, event]));
        for (const chain of chainsOf(told)) {
          const events = chain.split(' ').flatMap((id) => byId.get(id) ?? []);
          const traces = new Set(events.flatMap(({ trace }) => trace?.traceId ?? []));
          expect(traces.size).toBeLessThanOrEqual(1);
          expect(new Set(events.map((e) => `${e.agent?.id} ${e.session?.id}`)).size).toBe(1);
          for (const one of events.filter(({ trace }) => trace === undefined)) {
            const near = events.filter(
              (other) =>
                other !== one &&
                other.action?.toolCallId === one.action?.toolCallId &&
                Math.abs((other.time ?? 0) - (one.time ?? 0)) <= LIMITS.latenessMs,
            );
            expect(events.length === 1 || near.length > 0).toBe(true);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
