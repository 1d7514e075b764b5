import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorVerdict,
  defineDetector,
  hashNumber,
  keepRecent,
  MINUTE_MS,
  type RecentTable,
  type Redacted,
  recallRecent,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  tenants: z
    .int()
    .min(2)
    .default(3)
    .describe('Different tenants claimed by one agent from which it is taken for a search.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same claim within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;

interface State {
  readonly claimed: RecentTable<1>;
  /** How many different ones, as far as remembered. */
  tenants: number;
}

/** An event that says it belongs to another tenant than its sender's credential does. */
export default defineDetector<Config, State>({
  id: 'tenant_claim_mismatch',
  version: 1,
  status: 'test',
  title: 'Claim of another tenant',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'enforce',
  tags: ['tenant', 'isolation', 'owasp.asi03'],
  config: CONFIG,
  init: () => ({ claimed: createRecentTable(), tenants: 0 }),
  parts: ['claimed_tenant'],
  judges: () => null,
  observe(event, state, { config, counted }) {
    const claimed = event.tenant.claimed ?? '';
    const isNew = recallRecent(state.claimed, claimed) === undefined;
    if (isNew && counted) {
      keepRecent(state.claimed, claimed, 1, 'agent');
      state.tenants += 1;
    }
    return [verdictOn(event, claimed, state.tenants, config)];
  },
});

function verdictOn(
  event: Redacted<AccessEvent>,
  claimed: string,
  tenants: number,
  config: Config,
): DetectorVerdict {
  const tenant = shownName(event.tenant.id);
  const searching = tenants >= config.tenants;
  const common = {
    actual: tenants,
    typical: 0,
    probability: null,
    measures: { tenants_claimed: tenants },
    facts: {
      tenant,
      claimed: shownName(claimed),
      sender: shownName(event.source.deliveredBy),
    },
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (searching) {
    return {
      ...common,
      level: 'high',
      score: 60,
      title: `An agent of ${tenant} has claimed to belong to ${tenants} other tenants`,
      explanation:
        "The sender's credential belongs to one tenant, and its payloads name one other after " +
        'the next: no wrong setting does that. The credential is believed, so nothing was ' +
        'reached; a person should approve what the agent does next.',
      trip: { key: 'agent', level: 2 },
      dedupKey: 'search',
    };
  }
  return {
    ...common,
    level: 'medium',
    score: 35,
    title: `An event of ${tenant} claims to belong to another tenant`,
    explanation:
      "The sender's credential belongs to one tenant, its payload names another. The credential " +
      'is believed. Either the sender is set up wrongly or something speaks for others.',
    trip: null,
    held: 'below_threshold',
    dedupKey: `claim\n${hashNumber(claimed)}`,
  };
}
