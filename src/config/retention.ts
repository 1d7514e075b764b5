import * as z from 'zod';
import type { RetentionPolicy } from '../core/retention.ts';

/** Years as the longest that they are, lest a day be missing. */
const YEAR_DAYS = 365.25;
const PRESETS = { finance: 7, health: 6 } as const;

const span = z
  .string()
  .regex(/^(?:finance|health|forever|[1-9]\d{0,4}d|[1-9]\d?y)$/)
  .meta({ title: 'finance, health, forever, or a number and d or y, such as 90d' });

export const RETENTION_SCHEMA = z.strictObject({
  evidence: span
    .optional()
    .describe(
      'How long the ledger keeps what it knows of a tenant, in whole months: `finance` (7 ' +
        'years), `health` (6 years), `90d`, `10y`, `forever`. Default: `forever`.',
    ),
  search: span
    .optional()
    .describe('How long rows stay in the store; never longer than `evidence`. Default: as long.'),
});

type Given = z.infer<typeof RETENTION_SCHEMA>;

export function retentionOf(general: Given, own: Given = {}): RetentionPolicy {
  const evidenceDays = daysOf(own.evidence ?? general.evidence ?? 'forever');
  const search = own.search ?? general.search;
  const searchDays = search === undefined ? evidenceDays : daysOf(search);
  const longest = Math.min(
    evidenceDays ?? Number.POSITIVE_INFINITY,
    searchDays ?? Number.POSITIVE_INFINITY,
  );
  return { evidenceDays, searchDays: Number.isFinite(longest) ? longest : null };
}

function daysOf(text: string): number | null {
  if (text === 'forever') return null;
  if (text === 'finance' || text === 'health') return Math.ceil(PRESETS[text] * YEAR_DAYS);
  const count = Number(text.slice(0, -1));
  return text.endsWith('y') ? Math.ceil(count * YEAR_DAYS) : count;
}
