import type { AccessEvent } from '../core/access-event.ts';
import { chainIdOf } from '../core/chain.ts';
import type { InputEntry } from '../core/entry.ts';
import type { Finding } from '../core/finding.ts';
import { LIMITS } from '../core/limits.ts';
import { type EpochMs, HOUR_MS, SECOND_MS } from '../core/time.ts';
import type { AnyDetector } from './detect/detector.ts';
import type { Effects } from './effects.ts';
import type { TimeFault } from './event-time.ts';
import { countFailure } from './set-aside.ts';
import type { TenantState } from './tenant-state.ts';

/** What the engine tells of its own accord, beside the detectors. It adds no risk. */
interface Notice {
  readonly detector: string;
  readonly level: Finding['level'];
  readonly score: number;
  readonly title: string;
  readonly explanation: string;
  readonly measures?: Readonly<Record<string, number>>;
  readonly facts: Readonly<Record<string, string>>;
}

/** Whom and what a notice is about, and the log time at which it is told. */
export interface NoticeOccasion {
  readonly event: Pick<AccessEvent, 'id' | 'time' | 'tenant' | 'agent'>;
  readonly loggedAt: EpochMs;
  readonly chain: string;
}

export function occasionOf({ body, loggedAt }: InputEntry): NoticeOccasion {
  return { event: body, loggedAt, chain: chainIdOf(body) };
}

/** Tells something once an hour of log time per `subject`; bounded, the oldest is told again. */
export function tellHourly(
  tenant: TenantState,
  subject: string,
  occasion: InputEntry | NoticeOccasion,
  notice: Notice,
  effects: Effects,
): void {
  const { loggedAt } = occasion;
  const key = `${notice.detector}\n${subject}`;
  if ((tenant.notices.get(key) ?? 0) > loggedAt) return;
  tenant.notices.delete(key);
  tenant.notices.set(key, loggedAt + HOUR_MS);
  if (tenant.notices.size > LIMITS.noticesPerTenant) {
    const [oldest] = tenant.notices.keys();
    if (oldest !== undefined) tenant.notices.delete(oldest);
  }
  tell(tenant, 'body' in occasion ? occasionOf(occasion) : occasion, notice, effects);
}

export function tell(
  tenant: TenantState,
  { event, chain }: NoticeOccasion,
  { detector, level, score, title, explanation, measures = {}, facts }: Notice,
  effects: Effects,
): void {
  effects.finding(tenant.tenant, {
    id: effects.nextId,
    time: event.time,
    eventId: event.id,
    tenant: event.tenant.id,
    agent: event.agent.id,
    chain,
    detector,
    detectorVersion: 1,
    family: 'deterministic',
    mode: 'alert',
    level,
    score,
    actual: null,
    typical: null,
    probability: null,
    title,
    explanation,
    evidence: { events: [event.id], measures, facts },
    decision: { tripped: false, why: 'below_threshold' },
  });
}

/** The same id with other content: either a broken sender or somebody rewriting the record. */
export function idConflict({ source: { deliveredBy, name } }: AccessEvent): Notice {
  return {
    detector: 'id_conflict',
    level: 'medium',
    score: 20,
    title: 'The same event id arrived twice with different content',
    explanation:
      'A source reported this id before with other content. Both are kept. Either the source ' +
      'reuses ids, or somebody rewrote a record.',
    facts: { sender: deliveredBy, ...(name === undefined ? {} : { source: name }) },
  };
}

/** Events too far from log time to be judged: a clock to be set, a queue to be emptied sooner. */
export function clockSkewed({ body, loggedAt }: InputEntry, fault: TimeFault): Notice {
  const seconds = Math.round(Math.abs(body.time - loggedAt) / SECOND_MS);
  const { deliveredBy, name } = body.source;
  return {
    detector: 'clock_skew',
    level: 'medium',
    score: 20,
    title:
      fault === 'ahead'
        ? `Events of ${deliveredBy} come from the future: its clock leads by ${seconds} s`
        : `Events of ${deliveredBy} arrive ${seconds} s late`,
    explanation:
      'Events this far from now move no window and no statistic; only deterministic detectors ' +
      'judge them. ' +
      (fault === 'ahead'
        ? "Set the source's clock."
        : 'Either the source works off a backlog or holds events back, or its clock is behind. ' +
          'Import a backlog as history.'),
    measures: { [fault === 'ahead' ? 'lead_seconds' : 'lag_seconds']: seconds },
    facts: { sender: deliveredBy, kind: fault, ...(name === undefined ? {} : { source: name }) },
  };
}

/** More agents than are kept: what the new ones do is recorded but not judged. */
export function agentFlood(): Notice {
  return {
    detector: 'agent_flood',
    level: 'high',
    score: 60,
    title: `More than ${LIMITS.agentsPerTenant} agents: new ones are not judged`,
    explanation:
      'No agent has been idle long enough to be forgotten, so events of agents never seen ' +
      'before are recorded but not judged. Either a sender makes agent ids up, or the tenant ' +
      'has outgrown its limit.',
    measures: { agents: LIMITS.agentsPerTenant },
    facts: { limit: 'agentsPerTenant' },
  };
}

/** As many agents as are kept: each new one costs the history of one that has been idle. */
export function agentsForgotten(): Notice {
  return {
    detector: 'agent_flood',
    level: 'medium',
    score: 0,
    title: `More than ${LIMITS.agentsPerTenant} agents: idle ones are forgotten for new ones`,
    explanation:
      'Each agent never seen before takes the place of the one that has been idle for longest, ' +
      'with all that was learned of it. Either a sender makes agent ids up, or an id is given to ' +
      'each run, or the tenant has outgrown its limit.',
    measures: { agents: LIMITS.agentsPerTenant },
    facts: { limit: 'agentsPerTenant', kind: 'forgotten' },
  };
}

/** An agent uses more names never seen before than honest work does. */
export function nameFlood(): Notice {
  const most = LIMITS.newNamesPerAgentHour;
  return {
    detector: 'name_flood',
    level: 'high',
    score: 0,
    title: `More than ${most} tools and destinations never seen before, within an hour`,
    explanation:
      'The agent makes names up, searches through something, or a source puts changing values ' +
      'into names (an id in the name of a tool). What is remembered of it is bounded: rare names ' +
      'that were known before are forgotten first, so it may be asked about them again.',
    measures: { names: most },
    facts: { limit: 'newNamesPerAgentHour' },
  };
}

/** More tenants than are kept: the event counts in the bucket of unknown tenants. */
export function tenantFlood(): Notice {
  return {
    detector: 'tenant_flood',
    level: 'high',
    score: 60,
    title: `More than ${LIMITS.tenants} tenants: new ones are not kept apart`,
    explanation:
      'Events of a tenant beyond the limit are scored together with those of unknown tenants, ' +
      'and trip nothing. Run another daemon for them.',
    measures: { tenants: LIMITS.tenants },
    facts: { limit: 'tenants' },
  };
}

/** A detector that threw; of the error only its class is kept. */
export interface Failure {
  readonly detector: AnyDetector;
  readonly errorClass: string;
}

/** Counts a failure, and tells of it once an hour; the last one sets the detector aside. */
export function tellFailure(
  tenant: TenantState,
  occasion: NoticeOccasion,
  { detector, errorClass }: Failure,
  effects: Effects,
): void {
  tenant.unjudged.detector += 1;
  const disabled = countFailure(tenant, detector);
  const subject = `${detector.id}${disabled ? '\ndisabled' : ''}`;
  tellHourly(tenant, subject, occasion, detectorFailed(detector.id, errorClass, disabled), effects);
}

/** A detector threw: its state of this agent is begun anew. */
function detectorFailed(detector: string, errorClass: string, disabled: boolean): Notice {
  return {
    detector: 'detector_failed',
    level: 'high',
    score: 0,
    title: disabled
      ? `The detector ${detector} failed too often and is no longer asked`
      : `The detector ${detector} failed on an event`,
    explanation:
      'This is a bug in the detector. Its memory of the agent was cleared, the other detectors ' +
      'judged the event. ' +
      (disabled
        ? "It stays off in this tenant until the tenant's configuration changes."
        : `After ${LIMITS.detectorFailures} failures it is switched off in this tenant.`),
    facts: { detector, error: errorClass },
  };
}

/** The fold itself threw on an entry: what came of it is incomplete, what follows is not. */
export function entryFailed(errorClass: string): Notice {
  return {
    detector: 'entry_failed',
    level: 'critical',
    score: 0,
    title: 'An event could not be judged because of a bug in the engine',
    explanation:
      'The event is recorded; what was decided on it may be incomplete. The engine went on with ' +
      'the next one.',
    facts: { error: errorClass },
  };
}

/** The class of an error, never its message: that may hold what must not be recorded. */
export function errorClassOf(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return /^\w{1,64}$/.test(name) ? name : 'Error';
}
