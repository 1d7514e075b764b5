import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import type { DetectionException } from '../core/rule.ts';

const glob = z.string().min(1).max(LIMITS.identifierChars);

/** A bare date means midnight UTC at its beginning, as in the grants file. */
const instant = z
  .string()
  .refine(
    (given) =>
      z.iso
        .date()
        .or(z.iso.datetime({ offset: true }))
        .safeParse(given).success,
    'is neither a date (2027-01-01) nor an RFC 3339 time',
  )
  .meta({ title: 'a date or an RFC 3339 time' });

const scope = {
  agent: glob.optional().describe('Agent id; `*` matches any run of characters.'),
  session: glob.optional().describe('Session id; glob.'),
  tool: glob.optional().describe('Name of the action; glob.'),
  resource: glob.optional().describe('Resource as `type:id`; glob.'),
  owner: z.string().min(1).max(LIMITS.identifierChars).describe('Who answers for the exception.'),
  reason: z.string().min(1).max(LIMITS.ruleChars).describe('Why it is agreed to.'),
  expires: instant.describe('From then on it holds no more; a bare date is 00:00 UTC.'),
};

const isScoped = (given: Readonly<Record<string, unknown>>): boolean =>
  ['agent', 'session', 'tool', 'resource'].some((key) => given[key] !== undefined);
const UNSCOPED = 'needs an agent, session, tool or resource: to silence a detector, set its mode';

/** An exception in a rule's own file. */
export const RULE_EXCEPTION_SCHEMA = z.strictObject(scope).refine(isScoped, UNSCOPED);

/** An exception in the configuration. */
export const EXCEPTION_SCHEMA = z
  .strictObject({
    detector: glob.optional().describe('Detector or rule; absent means all.'),
    ...scope,
  })
  .refine(isScoped, UNSCOPED);

/** The exception as the log carries it. */
export function exceptionOf(
  given: z.output<typeof EXCEPTION_SCHEMA>,
  detector: string | undefined = given.detector,
): DetectionException {
  const { detector: _own, expires, ...rest } = given;
  const entries = Object.entries({ detector, ...rest }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(entries), expires: Date.parse(expires) } as DetectionException;
}
