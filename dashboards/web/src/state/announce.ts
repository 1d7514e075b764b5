import type { FindingBody } from '../../../../src/api/contract.ts';
import { plural } from '../format/number.ts';
import { levelInWords, outcomeOf, reasonOf } from '../format/reason.ts';

/** At most one spoken message per this long: a storm must not bury the reader. */
export const ANNOUNCE_EVERY_MS = 5_000;

/** One sentence for what tripped since the last message. */
export function announcementOf(trips: readonly FindingBody[]): string {
  const latest = trips.at(-1);
  if (latest === undefined) return '';
  const outcome = outcomeOf(latest);
  const level = outcome.kind === 'tripped' ? `, ${levelInWords(outcome.level)}` : '';
  const sentence = `${latest.agent} tripped${level}: ${reasonOf(latest)}.`;
  return trips.length === 1 ? sentence : `${plural(trips.length, 'trip')}. Latest: ${sentence}`;
}

export interface Announcer {
  push(finding: FindingBody): void;
}

/** Speaks the first trip at once and gathers those that follow within the interval. */
export function createAnnouncer(
  say: (text: string) => void,
  later: (run: () => void, ms: number) => void = setTimeout,
): Announcer {
  let waiting: FindingBody[] = [];
  let quiet = false;

  function speak(): void {
    if (waiting.length === 0) {
      quiet = false;
      return;
    }
    say(announcementOf(waiting));
    waiting = [];
    quiet = true;
    later(speak, ANNOUNCE_EVERY_MS);
  }

  return {
    push(finding) {
      if (outcomeOf(finding).kind !== 'tripped') return;
      waiting.push(finding);
      if (!quiet) speak();
    },
  };
}
