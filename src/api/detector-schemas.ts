import * as z from 'zod';
import { FEEDBACK_VERDICTS } from '../core/feedback.ts';
import type { DetectorBody, FeedbackAnswerBody, FeedbackBody } from './detector-contract.ts';

const VERDICT = z.enum(FEEDBACK_VERDICTS);

export const FEEDBACK: z.ZodType<FeedbackBody> = z.strictObject({
  verdict: VERDICT,
  actor: z.string(),
  reason: z.string(),
  at: z.iso.datetime(),
});

export const FEEDBACK_ANSWER: z.ZodType<FeedbackAnswerBody> = z.strictObject({
  finding: z.string(),
  tenant: z.string(),
  detector: z.string(),
  verdict: VERDICT,
  exception: z
    .strictObject({
      detector: z.string(),
      agent: z.string(),
      tool: z.string().exactOptional(),
      owner: z.string(),
      reason: z.string(),
      expires: z.string(),
    })
    .nullable(),
});

export const DETECTOR: z.ZodType<DetectorBody> = z.strictObject({
  tenant: z.string(),
  id: z.string(),
  title: z.string(),
  family: z.string(),
  source: z.enum(['built-in', 'module', 'rule']),
  mode: z.string(),
  set_aside: z.enum(['failed', 'slow']).nullable(),
  blind: z.int().min(0),
  agents: z.int().min(0),
  feedback: z.record(VERDICT, z.int().min(0)),
  precision: z.number().min(0).max(1).nullable(),
});
