import type { AgentState, FindingBody } from '../../../../src/api/contract.ts';
import type { FeedbackBody } from '../../../../src/api/detector-contract.ts';
import { FEEDBACK_WORDS } from '../format/feedback.ts';
import { heldInWords, levelInWords, outcomeOf } from '../format/reason.ts';
import {
  DotIcon,
  HalfIcon,
  PersonIcon,
  RingIcon,
  RiskIcon,
  TripIcon,
  WouldIcon,
} from './icons.tsx';

/** Shape and word say the state; colour only helps. */
export function StateChip({ state }: { state: AgentState }) {
  switch (state) {
    case 'tripped':
      return (
        <span class="chip trip">
          <TripIcon size={10} />
          Tripped
        </span>
      );
    case 'at_risk':
      return (
        <span class="chip warn">
          <RiskIcon />
          At risk
        </span>
      );
    case 'learning':
      return (
        <span class="chip plain">
          <HalfIcon />
          Learning
        </span>
      );
    case 'unregistered':
      return (
        <span class="chip plain" title="No grant matches this agent; it is capped at level 2">
          <RingIcon />
          Unregistered
        </span>
      );
    default:
      return (
        <span class="chip good">
          <DotIcon />
          Normal
        </span>
      );
  }
}

/** `L5 revoke agent`; level 0 is a dash. */
export function Level({ level, words = true }: { level: number; words?: boolean }) {
  if (level === 0) return <span class="faint">–</span>;
  return (
    <span class="nowrap" title={levelInWords(level)}>
      <b>L{level}</b>
      {words && <span class="muted"> {levelInWords(level)}</span>}
    </span>
  );
}

/** What became of a finding. */
export function OutcomeChip({ finding }: { finding: FindingBody }) {
  const outcome = outcomeOf(finding);
  if (outcome.kind === 'tripped') {
    return (
      <span class="chip trip">
        <TripIcon size={10} />
        Tripped L{outcome.level}
      </span>
    );
  }
  if (outcome.kind === 'would') {
    return (
      <span class="chip would">
        <WouldIcon size={10} />
        Would have tripped L{outcome.level}
      </span>
    );
  }
  return <span class="muted">Held: {heldInWords(outcome.why)}</span>;
}

/** The same as a bare mark, for dense lists; the word is in the row. */
export function OutcomeMark({ finding }: { finding: FindingBody }) {
  const { kind } = outcomeOf(finding);
  if (kind === 'tripped') {
    return (
      <span class="mark mark-trip">
        <TripIcon />
      </span>
    );
  }
  return (
    <span class={`mark mark-${kind}`}>
      {kind === 'would' ? <WouldIcon /> : <RingIcon size={12} />}
    </span>
  );
}

/** What a person said of a finding. */
export function FeedbackChip({ feedback }: { feedback: FeedbackBody }) {
  return (
    <span class="chip plain" title={`${feedback.actor}: ${feedback.reason}`}>
      <PersonIcon />
      {FEEDBACK_WORDS[feedback.verdict]}
    </span>
  );
}

/** 0 to 100 as number and bar. */
export function RiskBar({ risk, tripped = false }: { risk: number; tripped?: boolean }) {
  const shown = Math.round(Math.min(100, Math.max(0, risk)));
  const weight = tripped ? 'tripped' : shown >= 50 ? 'high' : shown === 0 ? 'none' : '';
  return (
    <span class={`risk ${weight}`}>
      <b>{shown}</b>
      <span class="risk-track" aria-hidden="true">
        <span class="risk-fill" style={{ '--value': `${shown}%` }} />
      </span>
    </span>
  );
}
