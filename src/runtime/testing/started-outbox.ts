import type { BreakerKey } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { START } from '../../engine/testing/entries.ts';
import type { DeliveryOutcome } from '../../ports/revocation-receiver.ts';
import type { Unplaced } from '../entries.ts';
import { Outbox } from '../outbox.ts';
import { FakeClock } from './fake-clock.ts';
import { BOT, orderOf, RecordingLog, RecordingMetrics, type ScriptedReceiver } from './fixtures.ts';

export const RETRY = { status: 'retry', detail: 'no_answer' } as const;

/** An outbox whose ledger is a list. */
export function startOutbox(...receivers: ScriptedReceiver[]) {
  const clock = new FakeClock(START);
  const log = new RecordingLog();
  const metrics = new RecordingMetrics();
  const recorded: Unplaced[] = [];
  const state = { refuses: false, resumed: [] as string[], followed: true };
  const outbox = new Outbox({
    receivers,
    clock,
    log,
    metrics,
    jitter: () => 1,
    isFollowed: () => state.followed,
    append: async (entries) => {
      if (state.refuses) throw new Error('disk full');
      recorded.push(...entries);
    },
    resume: (again) => {
      state.resumed.push(...again.map(({ name }) => name));
    },
  });
  return { outbox, clock, log, metrics, recorded, state };
}

/** An answer that is given by hand. */
export function held() {
  return Promise.withResolvers<DeliveryOutcome>();
}

export const other = (id: string): BreakerKey => ({ ...BOT, id });

export function closing(epoch: number): BreakerOrder {
  return orderOf({ epoch, phase: 'closed', level: 0, previousLevel: 4, class: 'timer' });
}
