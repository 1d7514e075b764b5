import type { BreakerBody } from '../../../../src/api/breaker-contract.ts';
import { standingOf } from '../format/breaker.ts';
import { Level } from './chips.tsx';
import { CheckIcon, HalfIcon, PersonIcon, RingIcon, TripIcon } from './icons.tsx';
import { Timestamp } from './timestamp.tsx';

/** The phase of a breaker with its level, step or nothing beside it. */
export function PhaseChip({ breaker }: { breaker: BreakerBody }) {
  switch (breaker.phase) {
    case 'probation':
      return (
        <span class="chip warn">
          <HalfIcon />
          Probation {breaker.step ?? 25} %
        </span>
      );
    case 'exempt':
      return (
        <span class="chip would">
          <RingIcon size={10} />
          Exempt
        </span>
      );
    case 'closed':
      return (
        <span class="chip good">
          <CheckIcon />
          Closed
        </span>
      );
    default:
      return (
        <span class="chip trip">
          {breaker.phase === 'isolated' ? <PersonIcon /> : <TripIcon size={10} />}
          <Level level={breaker.level} />
        </span>
      );
  }
}

/** Why it is latched, what probation lets through, who exempted it. */
export function Standing({ breaker }: { breaker: BreakerBody }) {
  const text = standingOf(breaker);
  return text === '' ? null : <span class="sub">{text}</span>;
}

/** What has to happen before it moves on. */
export function MovesOn({ breaker }: { breaker: BreakerBody }) {
  if (breaker.phase === 'closed') return <span class="muted">–</span>;
  if (breaker.phase === 'probation') return <span class="muted">after clean calls</span>;
  const at = breaker.phase === 'exempt' ? breaker.until : breaker.closes_at;
  if (at !== null && at !== undefined) return <Timestamp at={at} />;
  const who = breaker.needs_two_persons ? 'by two persons' : 'by a person';
  return <span class="muted nowrap">{who}</span>;
}
