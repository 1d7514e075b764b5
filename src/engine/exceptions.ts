import type { AccessEvent } from '../core/access-event.ts';
import type { DetectionException } from '../core/rule.ts';
import type { EpochMs } from '../core/time.ts';
import { matchesGlob } from './detect/glob.ts';
import { resourceText } from './grants.ts';
import type { Judgement } from './judge.ts';

type Excepted = Pick<AccessEvent, 'agent' | 'session' | 'action' | 'resource'>;

/** The exception that covers a finding of this detector on this event by now, or null. */
export function exceptionFor(
  exceptions: readonly DetectionException[] | undefined,
  detector: string,
  event: Excepted,
  logTime: EpochMs,
): DetectionException | null {
  return exceptions?.find((each) => covers(each, detector, event, logTime)) ?? null;
}

/** The judgement with a word on who agreed to it, and why. */
export function excepted(judgement: Judgement, { owner, reason }: DetectionException): Judgement {
  const { verdict } = judgement;
  const facts = { ...verdict.facts, exception: `${owner}: ${reason}` };
  return { ...judgement, verdict: { ...verdict, facts } };
}

function covers(
  exception: DetectionException,
  detector: string,
  event: Excepted,
  logTime: EpochMs,
): boolean {
  if (logTime >= exception.expires) return false;
  if (exception.detector !== undefined && exception.detector !== detector) return false;
  return (
    fits(exception.agent, event.agent.id) &&
    fits(exception.session, event.session?.id) &&
    fits(exception.tool, event.action.name) &&
    fits(exception.resource, resourceText(event))
  );
}

/** A scope that is given must be met; what the event does not tell meets none. */
function fits(glob: string | undefined, text: string | null | undefined): boolean {
  if (glob === undefined) return true;
  return text !== null && text !== undefined && matchesGlob(glob, text);
}
