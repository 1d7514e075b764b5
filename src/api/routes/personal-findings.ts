import * as z from 'zod';
import { LIMITS } from '../../core/limits.ts';
import type { PersonalFindings } from '../../ports/personal-findings.ts';
import { READERS, visibleTenants } from '../auth.ts';
import type { PersonalFindingBody } from '../contract.ts';
import { pageByPosition } from '../page.ts';
import { CURSOR, IDENTIFIER, limitOf } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf } from '../schemas.ts';

const PERSONAL_FINDING: z.ZodType<PersonalFindingBody> = z.strictObject({
  tenant: z.string(),
  type: z.string().describe('The entity, or `secret:` and which kind of secret.'),
  source: z.string().describe('Format of the source that brought it.'),
  field: z.string().describe('Path of member names to the text it stood in.'),
  agent: z.string(),
  count: z.int().min(1).describe('Values met since the process started.'),
  first_seen: z.string(),
  last_seen: z.string(),
});

/** The inventory of personal data and secrets met; never a value. */
export function personalFindingsRoute(findings: PersonalFindings): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/pii/findings',
    summary: 'Which kinds of personal data and secrets were met, where; never a value.',
    access: READERS,
    query: z.strictObject({
      tenant: IDENTIFIER.optional(),
      agent: IDENTIFIER.optional(),
      type: IDENTIFIER.optional(),
      limit: limitOf(LIMITS.pageRows),
      cursor: CURSOR.optional(),
    }),
    answer: pageOf(PERSONAL_FINDING),
    handle: ({ principal, query }) => {
      const { tenant, agent, type, limit, cursor } = query;
      const rows = findings
        .list(visibleTenants(principal, tenant))
        .filter((row) => agent === undefined || row.agent === agent)
        .filter((row) => type === undefined || row.type === type);
      return pageByPosition(rows, limit, cursor, ({ firstSeen, lastSeen, ...row }) => ({
        ...row,
        first_seen: new Date(firstSeen).toISOString(),
        last_seen: new Date(lastSeen).toISOString(),
      }));
    },
  });
}
