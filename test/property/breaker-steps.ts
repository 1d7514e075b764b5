import fc from 'fast-check';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../src/core/time.ts';
import { DISTURBANCES } from './simulated-edge.ts';

export const AGENTS = 8;
export const EDGES = 3;

const agent = fc.nat(AGENTS - 1);
const level = fc.integer({ min: 1, max: 5 });
const edge = fc.nat(EDGES - 1);
/** Whether it is about the agent's session rather than the agent. */
const session = fc.boolean();

/** What one person tries, one after the other, to let go what takes two. */
const CAMPAIGN = ['trip', 'reset', 'reset', 'exempt', 'break_glass', 'wait'] as const;

/** What may happen next. */
export const STEPS = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('proof'), agent, session, level, skew: fc.integer() }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ...{ do: fc.constant('statistics'), agent, session, level, skew: fc.integer() },
      score: fc.integer({ min: 1, max: 99 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('delegate'), agent, to: agent, chain: fc.nat(3) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('outbreak'), agent, count: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end'), agent }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('calls'), agent, count: fc.nat(12) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('wait'),
      ms: fc.constantFrom(
        SECOND_MS,
        9 * SECOND_MS,
        MINUTE_MS,
        20 * MINUTE_MS,
        HOUR_MS,
        5 * HOUR_MS,
      ),
      back: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('order'),
      order: fc.constantFrom('trip', 'reset', 'release', 'exempt', 'break_glass', 'ask', 'stale'),
      ...{ agent, session, level },
      who: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('approve'), who: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash') }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('campaign'),
      ...{ agent, session, who: fc.nat(2) },
      orders: fc.array(fc.constantFrom('proof', ...CAMPAIGN), { minLength: 2, maxLength: 6 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('relapses'), agent, session }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('calm') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('posture'),
      posture: fc.constantFrom('shadow', 'enforce', 'enforce'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('heartbeat'), edge }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom(...DISTURBANCES), edge }) },
);

/** One of them; which members it has depends on what is done. */
export interface Step {
  readonly do: string;
  readonly agent?: number;
  readonly session?: boolean;
  readonly level?: number;
  readonly skew?: number;
  readonly score?: number;
  readonly count?: number;
  readonly ms?: number;
  readonly back?: boolean;
  readonly order?: string;
  readonly who?: number;
  readonly edge?: number;
  readonly to?: number;
  readonly posture?: string;
  readonly orders?: readonly string[];
  readonly chain?: number;
}
