import type { ApprovalBody, BreakerBody } from '../../../../src/api/breaker-contract.ts';

/** How long one person may exempt alone, anybody at all, and break glass; minutes. */
export const EXEMPT_ALONE_MINUTES = 15;
export const EXEMPT_MINUTES = 240;
export const BREAK_GLASS_MINUTES = 60;

/** What a person can order about one breaker. */
export type Order = 'reset' | 'release' | 'exempt' | 'break_glass';

const LATCH_WORDS: Readonly<Record<string, string>> = {
  proven: 'latched: it is proven',
  repeat: 'latched: it came back too often within a day',
  level: 'latched: level 5 and above',
};

/** Beside its level, what tells how a breaker stands; empty where nothing does. */
export function standingOf(breaker: BreakerBody): string {
  switch (breaker.phase) {
    case 'open':
      return breaker.latch ? (LATCH_WORDS[breaker.latch] ?? breaker.latch) : '';
    case 'isolated':
      return `held by ${breaker.by ?? 'a person'}`;
    case 'exempt':
      return `by ${breaker.by ?? 'a person'}${breaker.ticket ? `, ticket ${breaker.ticket}` : ''}`;
    case 'probation':
      return probationOf(breaker);
    default:
      return '';
  }
}

function probationOf({ step, rate_per_min: rate }: BreakerBody): string {
  const reads = step === 25 ? ', reads only' : '';
  if (rate === null || rate === undefined) return `of its usual rate${reads}`;
  return `up to ${Math.round(rate * 10) / 10} calls a minute${reads}`;
}

/** Whether this order waits for a second person. */
export function waitsForSecond(
  { phase, needs_two_persons: needsTwo }: Pick<BreakerBody, 'phase' | 'needs_two_persons'>,
  order: Order,
  minutes: number,
  isSingleOperator: boolean,
): boolean {
  if (isSingleOperator || order === 'break_glass') return false;
  if (order !== 'exempt') return needsTwo;
  return needsTwo || phase === 'exempt' || minutes > EXEMPT_ALONE_MINUTES;
}

/** What may be ordered of a breaker as it is, each with its name and what it does. */
export function ordersFor(
  breaker: BreakerBody,
  isSingleOperator: boolean,
): readonly (readonly [Order, string, string])[] {
  const { phase, key } = breaker;
  const two = waitsForSecond(breaker, 'reset', 0, isSingleOperator);
  const second = two ? ' A second person approves first.' : '';
  const orders: (readonly [Order, string, string])[] = [];
  if (phase === 'exempt') {
    orders.push(['reset', 'End the exemption', 'What it suspended holds again.']);
  } else if (phase === 'probation') {
    orders.push(['reset', 'End probation', `Nothing is held back any more.${second}`]);
  } else if (phase !== 'closed') {
    const how = two ? 'It comes back by steps of probation.' : 'The subject goes on at once.';
    orders.push(['reset', two ? 'Ask for a reset' : 'Reset', `${how}${second}`]);
    const steps = 'At 25, 50 and 100 % of its usual rate, watched at each step.';
    orders.push(['release', 'Release by steps', `${steps}${second}`]);
  }
  if (key.kind === 'tenant' || key.kind === 'global') return orders;
  orders.push([
    'exempt',
    phase === 'exempt' ? 'Exempt for longer' : 'Exempt for a time',
    'Held closed, still scored. More than 15 minutes take a second person.',
  ]);
  if (phase !== 'closed' && phase !== 'exempt') {
    const loud = 'An emergency, with a ticket: at once, loud, and reviewed afterwards.';
    orders.push(['break_glass', 'Break glass', loud]);
  }
  return orders;
}

/** A question to a second person in words: `reset`, `exempt for 60 min`. */
export function questionOf({ order, minutes }: Pick<ApprovalBody, 'order' | 'minutes'>): string {
  return minutes === null ? order : `${order} for ${Math.round(minutes * 10) / 10} min`;
}
