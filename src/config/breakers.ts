import * as z from 'zod';
import type { BreakerConfig } from '../core/entry.ts';

const share = z.number().min(0).max(1);
const few = z.int().min(0).max(100_000);

/** How breakers open and close; for every tenant, or for one. Absent keys take their defaults. */
export const BREAKERS_SCHEMA = z.strictObject({
  single_operator: z
    .boolean()
    .optional()
    .describe(
      'One person may close what takes two (level 5 and above, latched breakers, long ' +
        'exemptions); every such step says so. Off by default.',
    ),
  dwell_scale: z
    .number()
    .min(0.1)
    .max(10)
    .optional()
    .describe('Factor on how long breakers stay open before probation; 1 by default.'),
  protected: z
    .array(z.string().min(1))
    .max(1_000)
    .optional()
    .describe(
      'Globs of agents that automation takes to level 2 at most, wanting a person at once.',
    ),
  budget: z
    .strictObject({
      share: share
        .optional()
        .describe('Share of the agents active in a day held at level 4 and above; 0.1 by default.'),
      floor: few.optional().describe('At least so many, whatever the share; 3 by default.'),
      detector_share: share.optional().describe('The same of one detector; 0.05 by default.'),
      source_share: share.optional().describe('The same on one sender’s word; 0.05 by default.'),
      new_per_minute: z
        .number()
        .min(0)
        .max(6_000)
        .optional()
        .describe('New ones a minute, sustained; 6 by default.'),
      burst: few.optional().describe('New ones at once; 5 by default.'),
      proven_floor: few
        .optional()
        .describe('`floor` of what is proven, which has a budget of its own; 25 by default.'),
    })
    .optional()
    .describe('How much automation may stop at once; see docs/breakers.md.'),
});

/** As the engine has it. */
export function breakersOf(given: z.output<typeof BREAKERS_SCHEMA>): BreakerConfig {
  const { single_operator, dwell_scale, protected: agents, budget } = given;
  return present({
    singleOperator: single_operator,
    dwellScale: dwell_scale,
    protectedAgents: agents,
    budget:
      budget &&
      present({
        share: budget.share,
        floor: budget.floor,
        detectorShare: budget.detector_share,
        sourceShare: budget.source_share,
        newPerMinute: budget.new_per_minute,
        burst: budget.burst,
        provenFloor: budget.proven_floor,
      }),
  });
}

type Present<Given> = { readonly [Name in keyof Given]?: Exclude<Given[Name], undefined> };

function present<Given extends object>(given: Given): Present<Given> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<Given>;
}
