import type { BreakerBody } from '../../../../src/api/breaker-contract.ts';
import { formatAge } from '../format/number.ts';
import { acknowledgedRatio } from '../format/reason.ts';
import { now } from '../state/store.ts';
import { CheckIcon, ClockIcon } from './icons.tsx';

/** Whether the enforcement points obeyed: the first question after a trip. */
export function Acks({ breaker }: { breaker: BreakerBody }) {
  const { acknowledged_by: done, awaiting, late } = breaker;
  if (done.length + awaiting.length === 0) {
    return (
      <span class="muted" title="No broker is connected or configured for this tenant">
        no broker
      </span>
    );
  }
  const names = [
    ...done.map((name) => `${name}: confirmed`),
    ...awaiting.map((name) => `${name}: ${late.includes(name) ? 'late' : 'not yet'}`),
  ].join('\n');
  if (awaiting.length === 0) {
    return (
      <span class="acks done" title={names}>
        <CheckIcon />
        {acknowledgedRatio(breaker)} <small>confirmed</small>
      </span>
    );
  }
  const age =
    breaker.opened_at === null
      ? ''
      : ` ${formatAge(Math.max(0, now.value - Date.parse(breaker.opened_at)))}`;
  return (
    <span class={`acks owed${late.length > 0 ? ' late' : ''}`} title={names}>
      <ClockIcon />
      {acknowledgedRatio(breaker)}{' '}
      <small>
        {awaiting[0]}
        {awaiting.length > 1 ? ` +${awaiting.length - 1}` : ''} {late.length > 0 ? 'late' : 'owes'}
        {age}
      </small>
    </span>
  );
}
