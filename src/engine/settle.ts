import { TRUST_ORDER, type Trust } from '../core/access-event.ts';
import type { ChainStep } from '../core/chain-step.ts';
import type { DetectorMode } from '../core/finding.ts';
import type { EpochMs } from '../core/time.ts';
import { type SettledExecution, settleExecutions } from './chain/held-steps.ts';
import { conclude } from './conclude.ts';
import type { DetectorVerdict, UndecidedAction } from './detect/detector.ts';
import type { Effects } from './effects.ts';
import { type FindingSubject, forgetState, isNews, resolvedGrant, stateOf } from './judge.ts';
import { errorClassOf, tellFailure } from './notices.ts';
import { type Registry, settingOf } from './registry.ts';
import { isSetAside } from './set-aside.ts';
import type { AgentState, TenantState } from './tenant-state.ts';

/**
 * Asks the detectors about what ran without a decision, once that is certain. At most once a second
 * of log time, and by a timer of the tenant where no event comes.
 */
export function settleTenant(
  registry: Registry,
  tenant: TenantState,
  logTime: EpochMs,
  term: number,
  effects: Effects,
): void {
  const { settleAt } = tenant.chains.held;
  if (settleAt === null || settleAt > logTime) return;
  const { decisionGraceMs } = tenant.config.chains ?? {};
  for (const settled of settleExecutions(tenant.chains, logTime, decisionGraceMs)) {
    const agent = tenant.agents.get(settled.execution.agent);
    if (agent === undefined) continue;
    tenant.cut?.keep(agent);
    askAbout(registry, tenant, agent, settled, logTime, term, effects);
  }
}

function askAbout(
  registry: Registry,
  tenant: TenantState,
  agent: AgentState,
  settled: SettledExecution,
  logTime: EpochMs,
  term: number,
  effects: Effects,
): void {
  const [first] = settled.steps;
  if (first === undefined) return;
  const event = subjectOf(tenant.tenant, first, settled.steps);
  const action = actionOf(first, settled);
  const grant = resolvedGrant(tenant, agent, first.agent);
  for (const detector of registry.detectors) {
    if (detector.undecided === undefined || isSetAside(tenant, detector)) continue;
    const occasion = { event, loggedAt: logTime, chain: settled.chain };
    let mode: DetectorMode;
    let verdicts: readonly DetectorVerdict[];
    try {
      const setting = settingOf(detector, tenant.config, first.agent);
      mode = setting.mode;
      if (mode === 'off') continue;
      const context = { config: setting.options, logTime, grant };
      verdicts = detector.undecided(action, stateOf(detector, tenant, agent), context);
    } catch (error) {
      forgetState(detector, tenant, agent);
      tellFailure(tenant, occasion, { detector, errorClass: errorClassOf(error) }, effects);
      continue;
    }
    for (const verdict of verdicts) {
      if (!isNews(agent, detector, verdict, event, logTime)) continue;
      conclude(tenant, agent, occasion, { detector, mode, verdict }, term, effects);
    }
  }
}

/** An action is vouched for by the best of those who told of it. */
function subjectOf(tenant: string, first: ChainStep, steps: readonly ChainStep[]): FindingSubject {
  const session = steps.find((step) => step.session !== undefined)?.session;
  return {
    id: first.eventId,
    time: first.time,
    tenant: { id: tenant },
    agent: { id: first.agent },
    ...(session === undefined ? {} : { session: { id: session } }),
    phase: 'executed',
    action: { name: first.action, op: 'unknown' },
    source: { format: '', deliveredBy: first.source, trust: bestTrust(steps) },
  };
}

function bestTrust(steps: readonly ChainStep[]): Trust {
  const ranks = steps.map(({ trust }) => TRUST_ORDER.indexOf(trust));
  return TRUST_ORDER[Math.max(0, ...ranks)] ?? 'agent';
}

function actionOf(first: ChainStep, { execution, steps }: SettledExecution): UndecidedAction {
  const { reason } = execution.decision;
  return {
    reason: reason === 'execution_after_deny' ? reason : 'execution_without_decision',
    agent: first.agent,
    session: steps.find(({ session }) => session !== undefined)?.session ?? null,
    action: first.action,
    succeeded: steps.some(({ outcome }) => outcome === 'success'),
  };
}
