import * as z from 'zod';
import { HELD_ORDERS } from '../core/approval.ts';
import type { ApprovalBody, PreviewBody } from './breaker-contract.ts';
import { KEY } from './schemas.ts';

const time = z.iso.datetime();
const count = z.int().min(0);
const level = z.int().min(0).max(7);

export const APPROVAL: z.ZodType<ApprovalBody> = z.strictObject({
  id: z.string(),
  key: KEY,
  epoch: z.int(),
  order: z.enum(HELD_ORDERS),
  minutes: z.number().nullable(),
  reason: z.string(),
  requested_by: z.string(),
  requested_at: time,
  expires_at: time,
});

export const PREVIEW: z.ZodType<PreviewBody> = z.strictObject({
  key: KEY,
  level,
  present_level: level,
  epoch: z.int(),
  needs_two_persons: z.boolean(),
  agents: z.array(z.string()),
  agents_in_all: count,
  held_already: count,
  sessions: z.array(z.strictObject({ agent: z.string(), id: z.string() })),
  sessions_in_all: count,
  enforcement_points: z.array(z.string()),
});

export const DRILL = z.strictObject({
  drill: z.string(),
  tenant: z.string(),
  silent: z.int(),
  points: z.array(
    z.strictObject({
      point: z.string(),
      via: z.enum(['feed', 'receiver']),
      status: z.enum(['acknowledged', 'silent', 'refused', 'dry_run', 'skipped']),
      latency_ms: z.number().nullable(),
      detail: z.string().nullable(),
    }),
  ),
});
