import * as z from 'zod';
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
