import type { IngestStatusBody, SourceBody } from '../../src/api/contract.ts';

const HOUR_MS = 3_600_000;

/** A site where one source is silent, one has a gap, and a collector sends nameless spans. */
export function fixtureIngestStatus(now: number): IngestStatusBody {
  const iso = (agoMs: number): string => new Date(now - agoMs).toISOString();
  const source = (name: string, rest: Partial<SourceBody>): SourceBody => ({
    tenant: 'acme',
    id: `${name} (otlp.traces, collector)`,
    name,
    ...{ format: 'otlp.traces', credential: 'collector', trust: 'broker', state: 'sending' },
    ...{ per_second: 42.3, per_second_1h: 40.1, lag_ms: { p50: 210, p99: 1_900 } },
    ...{ first_seen: iso(40 * 24 * HOUR_MS), last_seen: iso(800), watermark: iso(1_000) },
    ...{ accepted: 1_204_331, duplicates: 12, sequence: null },
    silence: { since: null, allowed_ms: 900_000, unjudged: null, longest_pause_ms: 9_000 },
    ...rest,
  });
  return {
    now: iso(0),
    queue: { state: 'open', length: 12, capacity: 65_536 },
    sources: [
      source('policy-engine', {
        ...{ state: 'silent', last_seen: iso(2 * HOUR_MS), per_second: 0, trust: 'pdp' },
        silence: {
          ...{ since: iso(2 * HOUR_MS), allowed_ms: 900_000, unjudged: null },
          longest_pause_ms: 61_000,
        },
      }),
      source('invoice-gateway-with-a-rather-long-name-for-a-service', {
        sequence: {
          ...{ last: 90_411, restarts: 1, missing: 12 },
          gaps: [{ from: 88_120, to: 88_131, since: iso(HOUR_MS), told: true }],
        },
      }),
      source('support-desk', { tenant: 'globex' }),
      source('', {
        ...{ format: 'native', credential: 'cron', trust: 'agent', per_second: 0.001 },
        silence: { since: null, allowed_ms: null, unjudged: 'rare', longest_pause_ms: 0 },
      }),
    ],
    intakes: [
      {
        ...{ credential: 'collector', trust: 'broker', tenants: ['acme', 'globex'] },
        ...{ format: 'otlp.traces', accepted: 2_408_662, ignored: 91_000, quarantined: 3 },
        rejected: { missing_field: 411, clock_skew: 3 },
        last_at: iso(800),
        examples: [
          {
            ...{ at: iso(4_000), code: 'missing_field', shape: null },
            path: 'resourceSpans[0].scopeSpans[0].spans[7].attributes.gen_ai.agent.id',
            message: 'no agent is named; set tripcoil.agent.id, gen_ai.agent.id or agent.name',
          },
          {
            ...{ at: iso(90_000), code: 'clock_skew', path: 'time' },
            message: "the event lies too far from now; the sender's clock is off",
            shape: '{id: text, time: number, agent: {id: text}, action: {name: text}}',
          },
        ],
        unknown_attributes: [
          { key: 'acme.bot.id', count: 411 },
          { key: 'acme.queue', count: 96 },
          { key: '[hidden]', count: 2 },
        ],
        unattributed: [
          {
            ...{ missing: 'agent', count: 411, candidates: [{ key: 'acme.bot.id', count: 411 }] },
            ...{ fix: 'aliases:\n  agent.id: [acme.bot.id]', fix_in: 'configuration' },
          },
        ],
      },
    ],
    turned_away: [{ format: 'otlp.traces', code: 'unauthenticated', count: 37 }],
    kafka: [
      {
        ...{ name: 'broker-eu', topic: 'agent-spans', format: 'otlp.traces', tenants: ['acme'] },
        ...{ state: 'reading', lag: 1_204, partitions: [{ partition: 0, lag: 1_204 }] },
      },
    ],
    blind: [
      {
        ...{ detector: 'cross_tenant_access', field: 'resource.tenant', agents: 4 },
        mode: 'enforce',
        cure: 'Send the owner of each resource, or list it under resources in the grants file.',
        examples: ['lead-enricher', 'refund-clerk', 'faq-answerer'],
      },
      {
        ...{ detector: 'data_residency', field: 'grants.jurisdiction', agents: 1 },
        mode: 'shadow',
        cure: 'Name the jurisdiction of the agent in the grants file.',
        examples: ['faq-answerer'],
      },
    ],
  };
}

/** Nothing has come, not even a request that was refused. */
export function emptyIngestStatus(now: number): IngestStatusBody {
  return {
    now: new Date(now).toISOString(),
    queue: { state: 'open', length: 0, capacity: 65_536 },
    ...{ sources: [], intakes: [], turned_away: [], kafka: [], blind: [] },
  };
}
