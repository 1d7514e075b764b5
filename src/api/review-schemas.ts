import * as z from 'zod';
import { REVIEW_VERDICTS } from '../core/review.ts';
import type { EvaluationBody, ReviewBody } from './review-contract.ts';

const score = z.number().min(0).max(100);
const time = z.iso.datetime();

export const REVIEW: z.ZodType<ReviewBody> = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  state: z.enum(['open', 'decided']),
  chain: z.string(),
  agents: z.array(z.string()),
  opened_at: time,
  rubric: z.string(),
  score,
  failed: z.array(z.string()).describe('Criteria that were not met.'),
  judge: z
    .strictObject({
      model: z.string(),
      prompt_hash: z.string(),
      score,
      rationale: z.string(),
    })
    .nullable(),
  decided: z
    .strictObject({
      verdict: z.enum(REVIEW_VERDICTS),
      by: z.string(),
      note: z.string(),
      at: time,
    })
    .nullable(),
});

export const EVALUATION: z.ZodType<EvaluationBody> = z.strictObject({
  tenant: z.string(),
  chain: z.string(),
  rubric: z.string(),
  score: score.nullable(),
  verdict: z.enum(['pass', 'review', 'not_applicable']),
  criteria: z.array(
    z.strictObject({
      id: z.string(),
      question: z.string(),
      weight: z.number(),
      required: z.boolean(),
      result: z.enum(['pass', 'fail', 'not_applicable']),
    }),
  ),
});
