import * as z from 'zod';
import type { Measure } from '../baseline/agent-baseline.ts';

const size = z.number().positive();
const COST = 'Millionths of a US dollar.';

/** An option with a size of each measure. */
export function sizePerMeasure(what: string, defaults: Readonly<Record<Measure, number>>) {
  return z
    .strictObject({
      calls: size.default(defaults.calls),
      records: size.default(defaults.records),
      bytes: size.default(defaults.bytes),
      tokens: size.default(defaults.tokens),
      cost: size.default(defaults.cost).describe(COST),
      sessions: size.default(defaults.sessions),
      targets: size.default(defaults.targets),
    })
    .prefault({})
    .describe(what);
}

/** An option with a size of some measures, of none by default. */
export function sizeOfSome(what: string) {
  return z
    .strictObject({
      calls: size.optional(),
      records: size.optional(),
      bytes: size.optional(),
      tokens: size.optional(),
      cost: size.optional().describe(COST),
      sessions: size.optional(),
      targets: size.optional(),
    })
    .prefault({})
    .describe(what);
}
