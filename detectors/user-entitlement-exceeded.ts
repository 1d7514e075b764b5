import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  hasLabelOf,
  isAmongResources,
  MINUTE_MS,
  NO_FIGURES,
  NO_STATE,
  NO_VERDICTS,
  type NotJudged,
  type Redacted,
  SENSITIVE_LABELS,
  shownName,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  sensitive_labels: z
    .array(z.string().min(1))
    .default([...SENSITIVE_LABELS])
    .describe('Sensitivity labels with which the session is suspended, not only stepped up.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same kind of resource in one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

const NO_PRINCIPAL_SUB: NotJudged = {
  field: 'principal.sub',
  cure: 'Send for whom the agent acts.',
};
const NO_GRANTS_PRINCIPALS: NotJudged = {
  field: 'grants.principals',
  cure: 'List the resources that people may see under `principals` in the grants file.',
};
const NO_RESOURCE_ID: NotJudged = {
  field: 'resource.id',
  cure: 'Send which resource a call touches.',
};

/** An agent that reaches, for a person, what this person may not see. */
export default defineDetector<Config, Record<string, never>>({
  id: 'user_entitlement_exceeded',
  version: 1,
  status: 'test',
  title: 'Beyond what the person may see',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'confused-deputy', 'attack.t1078', 'owasp.llm06', 'owasp.asi03', 'cwe.441'],
  config: CONFIG,
  init: () => NO_STATE,
  kinds: ACCESS_KINDS,
  judges({ principal, resource }, { principalGrant }) {
    if (principal === undefined) {
      return NO_PRINCIPAL_SUB;
    }
    if (!principalGrant?.resources) {
      return NO_GRANTS_PRINCIPALS;
    }
    if (resource?.id === undefined) {
      return NO_RESOURCE_ID;
    }
    return null;
  },
  observe(event, _state, context) {
    const resources = context.principalGrant?.resources ?? [];
    return isAmongResources(event, resources) ? NO_VERDICTS : [verdictOn(event, context)];
  },
});

function verdictOn(event: Event, context: Context): DetectorVerdict {
  const { config } = context;
  const tool = shownName(event.action.name);
  const done = wasDone(event);
  const type = event.resource?.type ?? 'resource';
  const common = {
    ...NO_FIGURES,
    facts: { tool, resource_type: shownName(type), operation: event.action.op },
    dedupKey: [done ? 'done' : 'tried', event.session?.id ?? '', type].join('\n'),
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'low',
      score: 15,
      title: `Tried ${tool} on what the person behind it may not see`,
      explanation:
        'The call was not carried out, so nothing is stopped; the attempt counts towards the risk.',
      trip: null,
      held: 'below_threshold',
    };
  }
  const sensitive = hasLabelOf(event, context, config.sensitive_labels);
  return {
    ...common,
    level: sensitive ? 'critical' : 'high',
    score: sensitive ? 90 : 65,
    title: `${tool} reached what the person behind it may not see`,
    explanation:
      'The agent may see this resource, the person it acts for may not. Through the agent that ' +
      'person gets more than through the front door.',
    trip: { key: 'session', level: sensitive ? 4 : 2 },
  };
}
