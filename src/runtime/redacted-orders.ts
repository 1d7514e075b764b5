import type { BreakerKey } from '../core/breaker.ts';
import type { TenantConfig } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import type { DetectionException, Rule } from '../core/rule.ts';
import { withLiterals } from '../engine/rules/condition.ts';
import type { CheckRequest } from '../ports/breakers.ts';
import type { Redactor } from '../ports/redactor.ts';

/**
 * Names in orders, questions, grants and configuration pass the redactor that events pass, so that
 * they meet what was stored, and so that nobody's address is written down by the way of an order.
 */

/**
 * A key as the log has it. The ids of tenant, broker and global keys are the operator's own words:
 * a broker is named by its credential, and asks under that name.
 * `identify` names the rest: an order that opens a breaker keeps what brokers call it.
 */
export function redactedKey(
  redactor: Redactor,
  key: BreakerKey,
  identify: (tenant: string, id: string) => string = (tenant, id) =>
    redactor.redactIdentifier(tenant, id),
): BreakerKey {
  const { tenant, kind, id, agent } = key;
  if (kind === 'tenant' || kind === 'broker' || kind === 'global') return key;
  const isIdentifier = kind !== 'tool';
  return {
    tenant,
    kind,
    id: isIdentifier ? identify(tenant, id) : redactor.redactText(tenant, id),
    ...(agent === undefined ? {} : { agent: identify(tenant, agent) }),
  };
}

/**
 * The key of an order on a breaker that is there. One that was opened before addresses in ids
 * became tokens has its plain id on record, and is closed and acknowledged by that.
 */
export function keyOnRecord(
  redactor: Redactor,
  isOpen: (key: BreakerKey) => boolean,
  key: BreakerKey,
): BreakerKey {
  const redacted = redactedKey(redactor, key);
  return !isOpen(redacted) && isOpen(key) ? key : redacted;
}

/** What a broker asks about, in its own names. Asked before every action, so written out. */
export function redactedQuestion(redactor: Redactor, question: CheckRequest): CheckRequest {
  const { tenant, agent, session, chain, trace, jti, tool, op, broker } = question;
  const named = (id: string): string => redactor.redactIdentifier(tenant, id);
  return {
    tenant,
    ...(agent !== undefined && { agent: named(agent) }),
    ...(session !== undefined && { session: named(session) }),
    ...(chain !== undefined && { chain: named(chain) }),
    ...(trace !== undefined && { trace: named(trace) }),
    ...(jti !== undefined && { jti: named(jti) }),
    ...(tool !== undefined && { tool: redactor.redactText(tenant, tool) }),
    ...(op !== undefined && { op: redactor.redactText(tenant, op) }),
    ...(broker !== undefined && { broker }),
  };
}

/** Every text but the tenant's own name, which says whose grants these are. */
export function redactedGrants(redactor: Redactor, tenant: string, grants: GrantSet): GrantSet {
  const of = <Entry extends { readonly tenant?: string }>({ tenant: own, ...rest }: Entry) =>
    ({
      ...(own === undefined ? {} : { tenant: own }),
      ...(redactTexts(redactor, tenant, rest) as typeof rest),
    }) as Entry;
  return {
    agents: grants.agents.map((entry) => ({
      ...of(entry),
      agent: redactor.redactIdentifier(tenant, entry.agent),
    })),
    principals: grants.principals.map(of),
    resources: redactTexts(redactor, tenant, grants.resources) as GrantSet['resources'],
    actions: redactTexts(redactor, tenant, grants.actions) as GrantSet['actions'],
  };
}

/** The agents that a tenant's detectors treat differently are named as events name them. */
export function redactedConfig(
  redactor: Redactor,
  tenant: string,
  { detectors, rules, exceptions, breakers, ...rest }: TenantConfig,
): TenantConfig {
  const settings = Object.entries(detectors).map(([id, setting]) => {
    if (setting.agents === undefined) return [id, setting] as const;
    const agents = Object.entries(setting.agents).map(
      ([agent, mode]) => [redactor.redactIdentifier(tenant, agent), mode] as const,
    );
    return [id, { ...setting, agents: Object.fromEntries(agents) }] as const;
  });
  return {
    ...rest,
    detectors: Object.fromEntries(settings),
    ...(breakers && {
      breakers: {
        ...breakers,
        ...(breakers.protectedAgents && {
          protectedAgents: breakers.protectedAgents.map((agent) =>
            redactor.redactIdentifier(tenant, agent),
          ),
        }),
      },
    }),
    ...(rules && { rules: rules.map((rule) => redactedRule(redactor, tenant, rule)) }),
    ...(exceptions && {
      exceptions: exceptions.map((each) => redactedException(redactor, tenant, each)),
    }),
  };
}

/** The texts that conditions compare with meet what events became; words for people pass too. */
function redactedRule(redactor: Redactor, tenant: string, rule: Rule): Rule {
  const text = (given: string): string => redactor.redactText(tenant, given);
  const selections = Object.entries(rule.selections).map(
    ([name, condition]) => [name, withLiterals(condition, text)] as const,
  );
  return {
    ...rule,
    title: text(rule.title),
    description: text(rule.description),
    selections: Object.fromEntries(selections),
  };
}

function redactedException(
  redactor: Redactor,
  tenant: string,
  { agent, session, ...rest }: DetectionException,
): DetectionException {
  return {
    ...(redactTexts(redactor, tenant, rest) as typeof rest),
    ...(agent === undefined ? {} : { agent: redactor.redactIdentifier(tenant, agent) }),
    ...(session === undefined ? {} : { session: redactor.redactIdentifier(tenant, session) }),
  };
}

function redactTexts(redactor: Redactor, tenant: string, value: unknown): unknown {
  if (typeof value === 'string') return redactor.redactText(tenant, value);
  if (Array.isArray(value)) return value.map((item) => redactTexts(redactor, tenant, item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, redactTexts(redactor, tenant, item)] as const),
  );
}
