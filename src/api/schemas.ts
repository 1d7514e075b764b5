import * as z from 'zod';
import { BREAKER_PHASES } from '../core/breaker.ts';
import type { BreakerBody, KeyBody, TransitionBody } from './breaker-contract.ts';
import type {
  ActivityBody,
  ChainBody,
  ChainSummaryBody,
  ErrorBody,
  FindingBody,
  IngestStatusBody,
  OrderBody,
  PageBody,
  PostureBody,
  ReadinessBody,
  StatusBody,
} from './contract.ts';
import { FEEDBACK } from './detector-schemas.ts';
import type { TokenBody } from './token-contract.ts';

// The bodies of contract.ts as schemas; the annotations make the compiler compare the two.

const time = z.iso.datetime().describe('RFC 3339, UTC.');
const posture = z.enum(['shadow', 'enforce']);
const score = z.number().min(0).max(100);
const level = z.int().min(0).max(7);

export const KEY: z.ZodType<KeyBody> = z.strictObject({
  tenant: z.string(),
  kind: z.string(),
  id: z.string(),
  agent: z.string().exactOptional(),
});

export const ERROR: z.ZodType<ErrorBody> = z.strictObject({
  code: z.string().describe('A code of docs/errors.md.'),
  message: z.string(),
  path: z.string().exactOptional(),
  request_id: z.string().exactOptional(),
  problems: z.array(z.strictObject({ path: z.string(), message: z.string() })).exactOptional(),
});

const decision = z.union([
  z.strictObject({
    tripped: z.literal(true),
    key: KEY,
    level,
    capped_by: z.string().exactOptional(),
  }),
  z.strictObject({
    tripped: z.literal(false),
    why: z.string(),
    would: z.strictObject({ key: KEY, level }).exactOptional(),
  }),
]);

export const FINDING: z.ZodType<FindingBody> = z.strictObject({
  id: z.string(),
  time,
  event_id: z.string(),
  tenant: z.string(),
  agent: z.string(),
  subject: z.strictObject({ kind: z.string(), id: z.string() }).exactOptional(),
  session: z.string().nullable(),
  chain: z.string(),
  detector: z.string(),
  family: z.string(),
  mode: z.string(),
  level: z.string(),
  score,
  actual: z.number().nullable(),
  typical: z.number().nullable(),
  probability: z.number().nullable(),
  title: z.string(),
  explanation: z.string(),
  evidence: z.strictObject({
    events: z.array(z.string()),
    measures: z.record(z.string(), z.number()),
    facts: z.record(z.string(), z.string()),
  }),
  decision,
  feedback: FEEDBACK.exactOptional(),
});

export const BREAKER: z.ZodType<BreakerBody> = z.strictObject({
  key: KEY,
  phase: z.enum(BREAKER_PHASES),
  level,
  level_name: z.string(),
  epoch: z.int(),
  term: z.int(),
  reason: z.string().nullable(),
  title: z.string().nullable(),
  class: z.string().nullable(),
  opened_at: time.nullable(),
  closes_at: time.nullable(),
  finding_id: z.string().nullable(),
  needs_two_persons: z.boolean(),
  latch: z.enum(['proven', 'repeat', 'level']).nullable().exactOptional(),
  step: z.literal([25, 50, 100]).exactOptional(),
  rate_per_min: z.number().nullable().exactOptional(),
  until: time.exactOptional(),
  ticket: z.string().nullable().exactOptional(),
  by: z.string().exactOptional(),
  acknowledged_by: z.array(z.string()),
  awaiting: z.array(z.string()),
  late: z.array(z.string()),
});

const text = z.string().exactOptional();

const CHAIN_STEP: z.ZodType<ChainBody['steps'][number]> = z.strictObject({
  seq: z.int(),
  event_id: z.string(),
  time,
  tenant: z.string(),
  agent: z.string(),
  session: z.string().nullable(),
  kind: z.string(),
  action: z.string(),
  op: z.string(),
  resource: z.strictObject({ type: text, id: text, tenant: text, server: text }).nullable(),
  principal: z.string().nullable(),
  delegation: z.array(z.string()),
  decision: z.strictObject({ verdict: z.string(), id: text, policy: text }).nullable(),
  approval: z.strictObject({ status: z.string(), approver: text }).nullable(),
  token: z.strictObject({ jti: text, txn: text }).nullable(),
  outcome: z.string(),
  latency_ms: z.number().nullable(),
  records: z.number().nullable(),
  trace_id: z.string().nullable(),
  span_id: z.string().nullable(),
  parent_span_id: z.string().nullable(),
  source: z.string(),
  trust: z.string(),
  redactions: z.record(z.string(), z.number()),
  role: z.string(),
  late_ms: z.number().nullable(),
});

const CHAIN_LINK = z.strictObject({
  state: z.string(),
  seq: z.int().nullable(),
  reason: z.string().nullable(),
});

const CHAIN_EXECUTION: z.ZodType<ChainBody['executions'][number]> = z.strictObject({
  seqs: z.array(z.int()),
  event_id: z.string(),
  agent: z.string(),
  action: z.string(),
  links: z.strictObject({
    request: CHAIN_LINK,
    decision: CHAIN_LINK,
    approval: CHAIN_LINK,
    token: CHAIN_LINK,
    outcome: CHAIN_LINK,
  }),
});

export const CHAIN: z.ZodType<ChainBody> = z.strictObject({
  id: z.string(),
  tenants: z.array(z.string()),
  agents: z.array(z.string()),
  started_at: time,
  ended_at: time,
  steps: z.array(CHAIN_STEP),
  executions: z.array(CHAIN_EXECUTION),
  hops: z.array(z.strictObject({ seq: z.int(), from: z.string(), to: z.string(), by: z.string() })),
  gaps: z.array(
    z.strictObject({
      reason: z.string(),
      state: z.enum(['pending', 'missing']),
      seq: z.int(),
      event_id: z.string(),
    }),
  ),
  merged: z.array(
    z.strictObject({ id: z.string(), by: z.string(), key: z.string(), time: z.string() }),
  ),
  shared_keys: z.array(z.strictObject({ kind: z.string(), key: z.string() })),
  others: z.array(z.strictObject({ id: z.string(), tenant: z.string() })),
  unrelated_tenants: z.array(z.string()),
  findings: z.array(FINDING),
  truncated: z.boolean(),
});

export const CHAIN_SUMMARY: z.ZodType<ChainSummaryBody> = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  agents: z.array(z.string()),
  principal: z.string().nullable(),
  started_at: time,
  ended_at: time,
  steps: z.int().min(0),
  actions: z.array(z.string()),
  executions: z.int().min(0),
  verdicts: z.array(z.string()),
  gaps: z.array(z.string()),
  pending: z.int().min(0),
  truncated: z.boolean(),
});

const TOKEN_STEP: z.ZodType<TokenBody['steps'][number]> = z.strictObject({
  state: z.string(),
  time,
  seq: z.int().nullable(),
  event_id: z.string().nullable(),
  by: z.string(),
  trust: z.string().nullable(),
  agent: z.string().nullable(),
  what: z.string(),
  verification: z.string().nullable(),
  revoked_by: z.strictObject({ key: KEY, level, epoch: z.int() }).nullable(),
});

export const TOKEN: z.ZodType<TokenBody> = z.strictObject({
  jti: z.string().nullable(),
  asked: z.string(),
  tenant: z.string(),
  state: z.string(),
  times: z.strictObject({
    issued: time.nullable(),
    presented: time.nullable(),
    accepted: time.nullable(),
    rejected: time.nullable(),
    expires: time.nullable(),
    revoked: time.nullable(),
  }),
  issuers: z.array(z.string()),
  subject: z.string().nullable(),
  transaction: z.string().nullable(),
  agents: z.array(z.string()),
  refs: z.array(z.string()),
  problems: z.array(z.string()),
  steps: z.array(TOKEN_STEP),
  other_tenants: z.array(z.string()),
  truncated: z.boolean(),
});

export function pageOf<Row>(row: z.ZodType<Row>): z.ZodType<PageBody<Row>> {
  const next = z.string().nullable().describe('Pass as `cursor`; null on the last page.');
  return z.strictObject({ items: z.array(row), next });
}

const count = z.int().min(0);

export const STATUS: z.ZodType<StatusBody> = z.strictObject({
  scope: z.literal('tenants').exactOptional(),
  version: z.string(),
  started_at: time,
  term: z.int(),
  ledger: z.strictObject({ seq: count, hash: z.string(), unrecorded: count }),
  store: z.strictObject({
    kind: z.string(),
    healthy: z.boolean(),
    projected_seq: count,
    rebuild: z.exactOptional(z.strictObject({ seq: count, of: count })),
  }),
  tenants: z.array(
    z.strictObject({
      tenant: z.string(),
      posture,
      agents: count,
      open_breakers: count,
      late_breakers: count,
      would_have_tripped: count,
      storm: z.strictObject({ since: time, cause: z.string() }).nullable(),
      single_operator: z.boolean(),
    }),
  ),
  ingest: z.strictObject({
    events: count,
    rejected: count,
    per_second: z.number(),
    last_event_at: time.nullable(),
  }),
  revocation: z.strictObject({
    delivered: count,
    unacknowledged: count,
    p50_ms: z.number().nullable(),
    p99_ms: z.number().nullable(),
  }),
  demo: z.boolean(),
});

export const TRANSITION: z.ZodType<TransitionBody> = z.strictObject({
  time,
  event_id: z.string().nullable(),
  key: KEY,
  from: z.string(),
  to: z.string(),
  level,
  epoch: z.int(),
  reason: z.string(),
  class: z.string(),
  finding_id: z.string().nullable(),
  actor: z.string().nullable(),
});

export const ACTIVITY: z.ZodType<ActivityBody> = z.strictObject({
  bucket_ms: z.int(),
  items: z.array(z.strictObject({ bucket: time, calls: count, records: z.number() })),
});

export const ORDER: z.ZodType<OrderBody> = z.strictObject({
  accepted: z.literal(true),
  breaker: BREAKER.nullable(),
});

export const POSTURE: z.ZodType<PostureBody> = z.strictObject({ tenant: z.string(), posture });

export const READINESS: z.ZodType<ReadinessBody> = z.strictObject({
  ready: z.boolean(),
  reasons: z.array(z.string()),
});

const seen = z.array(z.strictObject({ key: z.string(), count }));

const SOURCE = z.strictObject({
  tenant: z.string(),
  id: z.string(),
  name: z.string(),
  format: z.string(),
  credential: z.string(),
  trust: z.string(),
  state: z.enum(['sending', 'quiet', 'silent']),
  per_second: z.number(),
  per_second_1h: z.number(),
  lag_ms: z.strictObject({ p50: z.number().nullable(), p99: z.number().nullable() }),
  first_seen: time,
  last_seen: time,
  watermark: time,
  accepted: count,
  duplicates: count,
  sequence: z
    .strictObject({
      last: count,
      restarts: count,
      missing: count,
      gaps: z.array(z.strictObject({ from: count, to: count, since: time, told: z.boolean() })),
    })
    .nullable(),
  silence: z.strictObject({
    since: time.nullable(),
    allowed_ms: z.number().nullable(),
    unjudged: z.enum(['young', 'rare', 'off']).nullable(),
    longest_pause_ms: z.number(),
  }),
});

const INTAKE = z.strictObject({
  credential: z.string(),
  trust: z.string(),
  tenants: z.array(z.string()),
  format: z.string(),
  accepted: count,
  ignored: count,
  quarantined: count,
  rejected: z.record(z.string(), count),
  last_at: time.nullable(),
  examples: z.array(
    z.strictObject({
      at: time,
      code: z.string(),
      path: z.string(),
      message: z.string(),
      shape: z.string().nullable(),
    }),
  ),
  unknown_attributes: seen,
  unattributed: z.array(
    z.strictObject({
      missing: z.enum(['agent', 'tenant', 'operation', 'action']),
      count,
      candidates: seen,
      fix: z.string(),
      fix_in: z.enum(['configuration', 'grants', 'sender']),
    }),
  ),
});

export const INGEST_STATUS: z.ZodType<IngestStatusBody> = z.strictObject({
  now: time,
  queue: z.strictObject({
    state: z.enum(['open', 'filling', 'refusing', 'unwritable']),
    length: count.nullable(),
    capacity: count,
  }),
  sources: z.array(SOURCE),
  intakes: z.array(INTAKE),
  turned_away: z.array(z.strictObject({ format: z.string(), code: z.string(), count })),
  kafka: z.array(
    z.strictObject({
      name: z.string(),
      topic: z.string(),
      format: z.string(),
      tenants: z.array(z.string()),
      state: z.string(),
      lag: count.nullable(),
      partitions: z.array(z.strictObject({ partition: count, lag: count })),
    }),
  ),
  blind: z.array(
    z.strictObject({
      detector: z.string(),
      mode: z.string(),
      field: z.string(),
      cure: z.string(),
      agents: count,
      examples: z.array(z.string()),
    }),
  ),
});
