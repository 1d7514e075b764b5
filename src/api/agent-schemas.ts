import * as z from 'zod';
import type { AgentBody } from './contract.ts';
import type { RiskBody, RiskPartBody } from './risk-contract.ts';

const time = z.iso.datetime();
const score = z.number().min(0).max(100);

/** One finding's share of an agent's risk. */
export const RISK_PART: z.ZodType<RiskPartBody> = z.strictObject({
  finding_id: z.string(),
  detector: z.string(),
  family: z.string(),
  points: score.describe('Its share of the risk.'),
  value: score.describe("What decay has left of the finding's score."),
  score: score.describe('Score when it was found.'),
  since: time,
  at: time,
  half_life_ms: z.number(),
  share: z.number().describe('Less than 1 where a stronger part tells the same.'),
});

/** One agent: state, risk and its parts, coverage. */
export const AGENT: z.ZodType<AgentBody> = z.strictObject({
  tenant: z.string(),
  agent: z.string(),
  state: z.enum(['learning', 'normal', 'at_risk', 'tripped', 'unregistered']),
  posture: z.enum(['shadow', 'enforce']),
  risk: score,
  risk_parts: z.array(RISK_PART),
  risk_explanation: z.string(),
  level: z.int().min(0).max(7),
  role: z.string().nullable(),
  owners: z
    .strictObject({
      business: z.string().exactOptional(),
      technical: z.string().exactOptional(),
    })
    .nullable(),
  first_seen: time,
  last_seen: time,
  baseline_age_ms: z.number(),
  calls: z.number(),
  coverage: z.array(
    z.strictObject({
      detector: z.string(),
      mode: z.string(),
      verdict: z.enum(['judged', 'blind']),
      field: z.string().exactOptional(),
      cure: z.string().exactOptional(),
    }),
  ),
});

/** The risk of one agent, for a policy decision point. */
export const RISK: z.ZodType<RiskBody> = z.strictObject({
  tenant: z.string(),
  agent: z.string(),
  state: z.string(),
  level: z.number(),
  risk: score,
  explanation: z.string(),
  parts: z.array(RISK_PART),
});
