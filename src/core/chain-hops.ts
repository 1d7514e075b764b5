import type { AccessEvent } from './access-event.ts';

/** How it is known that one agent handed over to another; `order` is no more than a guess. */
export const HOP_REASONS = ['delegation', 'span', 'link', 'order'] as const;

/** One agent hands over to another. */
export interface ChainHop {
  /** The record that shows it first; it stands before that. */
  readonly seq: number;
  readonly from: string;
  readonly to: string;
  readonly by: (typeof HOP_REASONS)[number];
}

/** A record of a chain in its place. */
interface Placed {
  readonly seq: number;
  readonly event: AccessEvent;
}

/**
 * Who handed over to whom in a chain, records in order of time: what the records declare (the `act`
 * chain, the parent span, a link), each pair once. An agent of which nothing is declared takes over
 * from whoever acted before it; where nothing at all is, every change of agent is a hop.
 */
export function hopsOf(rows: readonly Placed[]): readonly ChainHop[] {
  const hops = declaredHops(rows);
  const placed = new Set(hops.flatMap(({ from, to }) => [from, to]));
  const isGuessing = hops.length === 0;
  let previous: string | null = null;
  for (const { seq, event } of rows) {
    const to = event.agent.id;
    if (previous !== null && previous !== to && !placed.has(to)) {
      hops.push({ seq, from: previous, to, by: 'order' });
      if (!isGuessing) placed.add(to);
    }
    previous = to;
  }
  const places = new Map(rows.map(({ seq }, place) => [seq, place]));
  return hops.sort((a, b) => (places.get(a.seq) ?? 0) - (places.get(b.seq) ?? 0));
}

function declaredHops(rows: readonly Placed[]): ChainHop[] {
  const bySpan = new Map<string, string>();
  const byTrace = new Map<string, string>();
  for (const { event } of rows) {
    const { traceId, spanId } = event.trace ?? {};
    if (traceId !== undefined && !byTrace.has(traceId)) byTrace.set(traceId, event.agent.id);
    if (spanId !== undefined) bySpan.set(`${traceId} ${spanId}`, event.agent.id);
  }
  const hops: ChainHop[] = [];
  const known = new Set<string>();
  const add = (hop: Omit<ChainHop, 'from'> & { readonly from: string | undefined }): void => {
    const { from, to } = hop;
    if (from === undefined || from === to || known.has(`${from}\n${to}`)) return;
    known.add(`${from}\n${to}`);
    hops.push({ ...hop, from });
  };
  for (const { seq, event } of rows) {
    const { trace } = event;
    let to = event.agent.id;
    for (const from of actorsOf(event)) {
      add({ seq, from, to, by: 'delegation' });
      to = from;
    }
    const agent = event.agent.id;
    const parent = bySpan.get(`${trace?.traceId} ${trace?.parentSpanId}`);
    add({ seq, from: parent, to: agent, by: 'span' });
    for (const { traceId, spanId } of trace?.links ?? []) {
      const linked = bySpan.get(`${traceId} ${spanId}`) ?? byTrace.get(traceId);
      add({ seq, from: linked, to: agent, by: 'link' });
    }
  }
  return hops;
}

/** Of the `act` chain those that are agents, the nearest first, by the id they have as such. */
export function actorsOf({ agent, delegation }: AccessEvent): readonly string[] {
  return (delegation ?? [])
    .filter(({ sub, type }) => type === 'agent' || AGENT_PREFIX.test(sub))
    .map(({ sub }) => sub.replace(AGENT_PREFIX, ''))
    .filter((sub, place) => place > 0 || sub !== agent.id);
}

const AGENT_PREFIX = /^agent:/;
