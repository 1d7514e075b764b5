import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEvent } from '../../core/access-event.ts';
import { chainIdOf } from '../../core/chain.ts';
import { judgeChain } from '../../core/chain-links.ts';
import { stepOf } from '../../core/chain-step.ts';
import type { InputEntry } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';
import { SECOND_MS } from '../../core/time.ts';
import { Shard } from '../shard.ts';
import { EntryWriter, START } from '../testing/entries.ts';
import { chainClock } from './sources.ts';

type Told = Partial<AccessEvent> & { readonly id: string };

const PDP = { format: 'opa', deliveredBy: 'opa', trust: 'pdp' } as const;
const AGENT = { format: 'otlp.traces', deliveredBy: 'sdk', trust: 'agent' } as const;

/** Which links the sources told of, and by which keys the records hang together. */
const REQUEST = fc.record({
  tenant: fc.constantFrom('acme', 'globex'),
  decision: fc.constantFrom('allow', 'deny', 'challenge', null),
  byDecision: fc.boolean(),
  approval: fc.constantFrom('approved', 'denied', null),
  token: fc.boolean(),
  gateway: fc.boolean(),
  outcome: fc.constantFrom('success', 'failure', 'denied', 'unknown'),
  agents: fc.integer({ min: 1, max: 2 }),
});
type Request = typeof REQUEST extends fc.Arbitrary<infer Made> ? Made : never;

function recordsOf(request: Request, number: number): readonly Told[] {
  const n = `r${number}`;
  const time = START + number * SECOND_MS;
  const tenant = { id: request.tenant };
  const trace = { traceId: `trace-${n}` };
  const toolCallId = `toolu_01A09q90qw90lq-${n}-x`;
  const action = { name: 'read_thing', op: 'read', toolCallId } as const;
  const named = { ...action, toolCallId: 'call_1' };
  const shared = { tenant, time };
  const id = `d-${n}`;
  const records: Told[] = [
    { ...shared, id: `${n}-run`, kind: 'agent_run', source: AGENT, trace },
    { ...shared, id: `${n}-call`, source: AGENT, trace, action: { ...action } },
    { ...shared, id: `${n}-weak`, kind: 'model_call', trace, action: named },
  ];
  records[1] = { ...records[1], outcome: { status: request.outcome } } as Told;
  if (request.decision !== null) {
    const decision = { verdict: request.decision, id };
    const by = request.byDecision ? { action: { ...action, name: 'authz' } } : { trace };
    const told = { ...shared, ...by, decision, source: PDP };
    records.push({ ...told, id: `${n}-pdp`, kind: 'authz_decision' });
  }
  if (request.gateway) {
    const decision = { verdict: 'allow', id } as const;
    const token = { jti: `j-${n}`, txn: `x-${n}` };
    records.push({ ...shared, id: `${n}-gateway`, action, decision, token });
  }
  if (request.token) {
    const token = { jti: `j-${n}` };
    records.push({ ...shared, id: `${n}-token`, kind: 'token_issue', token });
  }
  if (request.approval !== null) {
    const approval = { status: request.approval, id: `a-${n}` };
    records.push({ ...shared, id: `${n}-approval`, kind: 'approval', approval, action });
  }
  if (request.agents > 1) {
    const delegation = [{ sub: 'bot', type: 'agent' }] as const;
    const sub = { ...shared, trace, agent: { id: 'sub' }, delegation };
    records.push({ ...sub, id: `${n}-sub`, action: { name: 'other_thing', op: 'read' } });
  }
  return records;
}

/** Sources heard before and after, for both tenants, so that everything missing may be said. */
function watermarks(at: 'before' | 'after'): readonly Told[] {
  const time = at === 'before' ? START - SECOND_MS : START + 60 * SECOND_MS;
  return ['acme', 'globex'].flatMap((id) => [
    { id: `pdp-${at}`, tenant: { id }, time, kind: 'authz_decision', source: PDP } as const,
    { id: `sts-${at}`, tenant: { id }, time, kind: 'token_issue' } as const,
  ]);
}

/** The chains of a log: by tenant, each as the sorted ids of its events, with its judgement. */
function chainsOf(told: readonly Told[], step = 1): readonly string[] {
  const engine = new Shard({ registry: { detectors: [] }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  const entries = told.map((event, n) => write.input(event, START + n * step));
  const into = new Map<string, string>();
  for (const effect of engine.apply(entries)) {
    if (effect.kind !== 'chain' || effect.decision.type !== 'joined') continue;
    into.set(
      `${effect.tenant} ${effect.decision.alias}`,
      `${effect.tenant} ${effect.decision.chain}`,
    );
  }
  const chains = new Map<string, InputEntry[]>();
  for (const entry of entries) {
    let id = `${entry.tenant} ${chainIdOf(entry.body)}`;
    for (let next = into.get(id); next !== undefined; next = into.get(id)) id = next;
    chains.set(id, [...(chains.get(id) ?? []), entry]);
  }
  const logTime = START + 2 * LIMITS.decisionGraceMs;
  return [...chains.values()]
    .map((entriesOf) => {
      const steps = entriesOf.map(({ body, seq, loggedAt }) => stepOf(body, seq, loggedAt));
      const ids = new Map(steps.map(({ seq, eventId }) => [seq, eventId]));
      const clock = chainClock(engine.tenant(entriesOf[0]?.tenant ?? '').chains.sources, logTime);
      const judged = JSON.stringify(judgeChain(steps, clock), (name, value) => {
        if (name === 'seq') return value === null ? null : ids.get(value);
        return name === 'seqs' ? value.map((seq: number) => ids.get(seq)) : value;
      });
      const roles = steps.map(({ eventId, role }) => `${eventId} ${role}`).sort();
      return `${entriesOf[0]?.tenant} ${roles.join(',')} ${judged}`;
    })
    .sort();
}

function shuffled<Item>(items: readonly Item[], order: readonly number[]): readonly Item[] {
  return items
    .map((item, index) => ({ item, at: order[index % order.length] ?? 0, index }))
    .sort((a, b) => a.at - b.at || a.index - b.index)
    .map(({ item }) => item);
}

const ORDER = fc.array(fc.integer(), { minLength: 20, maxLength: 60 });

describe('the order of arrival', () => {
  it('changes neither chains nor roles nor gaps', () => {
    fc.assert(
      fc.property(fc.array(REQUEST, { minLength: 1, maxLength: 5 }), ORDER, (requests, order) => {
        const records = requests.flatMap(recordsOf);
        const all = [...watermarks('before'), ...records, ...watermarks('after')];
        expect(chainsOf(shuffled(all, order))).toEqual(chainsOf(all));
      }),
      { numRuns: 150 },
    );
  });

  it('leaves the records of one request in one chain, and strangers out', () => {
    fc.assert(
      fc.property(fc.array(REQUEST, { minLength: 1, maxLength: 4 }), ORDER, (requests, order) => {
        const records = shuffled(requests.flatMap(recordsOf), order);
        const chains = chainsOf(records).map((chain) =>
          [...new Set(chain.matchAll(/(r\d+)-\w+ /g).map(([, n]) => n))].sort(),
        );
        expect(chains.every((requestsOf) => requestsOf.length === 1)).toBe(true);
      }),
    );
  });

  it('of another tenant’s records changes nothing at all', () => {
    fc.assert(
      fc.property(fc.array(REQUEST, { minLength: 1, maxLength: 5 }), ORDER, (requests, order) => {
        const records = shuffled(requests.flatMap(recordsOf), order);
        const of = (told: readonly Told[]) => {
          const engine = new Shard({ registry: { detectors: [] }, initialPosture: 'enforce' });
          const write = new EntryWriter();
          const effects = engine.apply(told.map((event) => write.input(event)));
          return effects.flatMap((effect) =>
            effect.kind === 'chain' && effect.tenant === 'acme' ? [effect.decision] : [],
          );
        };
        // The same ids in the other tenant, too: they must not meet.
        const theirs = records.map((event) => ({ ...event, tenant: { id: 'globex' } }));
        const ours = records.filter(({ tenant }) => tenant?.id === 'acme');
        expect(of([...theirs, ...ours])).toEqual(of(ours));
      }),
    );
  });
});
