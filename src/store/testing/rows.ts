import type { AccessEvent } from '../../core/access-event.ts';
import type { Transition } from '../../core/breaker.ts';
import type { ChainLink } from '../../core/chain.ts';
import type { Finding } from '../../core/finding.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { ProjectionBatch } from '../../ports/store.ts';

export const START_MS = Date.UTC(2026, 10, 20, 9);

/** A redacted event with the given differences from a plain tool call. */
export function storedEvent(differences: Partial<AccessEvent> = {}): Redacted<AccessEvent> {
  const event: AccessEvent = {
    v: 1,
    id: 'evt-1',
    time: START_MS,
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'native', deliveredBy: 'gateway', trust: 'broker' },
    tenant: { id: 'acme' },
    agent: { id: 'invoice-bot' },
    action: { name: 'read_account', op: 'read' },
    outcome: { status: 'success' },
    attrs: {},
    ...differences,
  };
  return event as Redacted<AccessEvent>;
}

export function storedFinding(differences: Partial<Finding> = {}): Finding {
  return {
    id: '1-0',
    time: START_MS,
    eventId: 'evt-1',
    tenant: 'acme',
    agent: 'invoice-bot',
    chain: 'evt-1',
    detector: 'volume_spike',
    detectorVersion: 1,
    family: 'statistical',
    mode: 'enforce',
    level: 'high',
    score: 90,
    actual: 500,
    typical: 100,
    probability: 1e-9,
    title: 'Five times the usual records',
    explanation: 'It read 500 records; 100 is usual.',
    evidence: { events: ['evt-1'], measures: { records: 500 }, facts: {} },
    decision: { tripped: false, why: 'shadow' },
    ...differences,
  };
}

export function storedTransition(differences: Partial<Transition> = {}): Transition {
  return {
    time: START_MS,
    eventId: 'evt-1',
    key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
    from: 'closed',
    to: 'open',
    level: 4,
    epoch: 1,
    reason: 'volume_spike',
    class: 'statistical',
    findingId: '1-0',
    actor: null,
    feedSeq: 1,
    ...differences,
  };
}

export function storedLink(alias: string, chain: string, key: string = alias): ChainLink {
  return { type: 'joined', time: START_MS, eventId: 'evt-1', alias, chain, by: 'decision', key };
}

/** A batch of `events`, sequenced from `firstSeq`, with room for what was decided about them. */
export function batchOf(
  firstSeq: number,
  events: readonly Redacted<AccessEvent>[],
  decided: Partial<Pick<ProjectionBatch, 'findings' | 'transitions' | 'chainLinks'>> = {},
): ProjectionBatch {
  const seqs = [
    firstSeq + events.length - 1,
    ...(decided.findings ?? []).map(({ seq }) => seq),
    ...(decided.transitions ?? []).map(({ seq }) => seq),
    ...(decided.chainLinks ?? []).map(({ seq }) => seq),
  ];
  return {
    firstSeq,
    lastSeq: Math.max(firstSeq, ...seqs),
    events: events.map((event, index) => ({
      seq: firstSeq + index,
      loggedAt: START_MS + firstSeq + index,
      event,
    })),
    findings: decided.findings ?? [],
    transitions: decided.transitions ?? [],
    chainLinks: decided.chainLinks ?? [],
  };
}
