import { describe, expect, it } from 'vitest';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import type { SignalStream } from '../../core/signal-stream.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import type { DeliveryOutcome } from '../../ports/revocation-receiver.ts';
import { fixedKeyRing } from '../keys.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { LiveStream } from './live-stream.ts';

const NEVER = new AbortController().signal;
const ISS = 'https://t.example';
const STREAM: SignalStream = {
  ...{ id: 'st', receiver: 'oauth:r', audience: 'https://r.example', delivery: 'push' },
  ...{ sealed: null, eventsRequested: null, description: null },
  ...{ status: 'enabled', statusReason: null, subjects: [], subjectProfile: 'iss_sub' },
};

function stream(change: Partial<SignalStream> = {}, answer?: DeliveryOutcome) {
  const clock = createFakeClock();
  const live = new LiveStream({
    ...{ tenant: 'acme', issuer: () => ISS, narrowedScope: 'read' },
    ...{ keys: fixedKeyRing(), clock, metrics: SILENT_METRICS, log: SILENT_LOG },
    pushOf: () => async () => answer ?? { status: 'acknowledged' },
    state: { createdSeq: 0, resumedSeq: 0, stream: { ...STREAM, ...change } },
  });
  return { live, clock };
}

function order(epoch: number, key: Partial<BreakerOrder['key']> = {}): BreakerOrder {
  return {
    ...{ jti: `rev-${epoch}`, txn: 'trip-1', time: 1_795_252_020_812, eventId: null },
    ...{ key: { tenant: 'acme', kind: 'agent', id: 'bot', ...key }, agent: 'bot' },
    ...{ phase: 'open', level: 4, previousLevel: 0, term: 1, epoch, class: 'statistical' },
    ...{ reason: 'volume_spike', title: null, findingId: null },
  };
}

describe('the lag of a stream', () => {
  it('is not of an order that a newer one took the place of', async () => {
    const { live, clock } = stream({}, { status: 'retry', detail: 'status_503' });
    await live.deliver(order(1), NEVER);
    clock.advance(60_000);
    expect(live.lagMs).toBe(60_000);
    await live.deliver(order(2), NEVER);
    expect(live.lagMs).toBe(0);
    clock.advance(1_000);
    await live.deliver(order(2), NEVER);
    expect(live.lagMs).toBe(1_000);
    live.withdrawn(order(2));
    expect(live.lagMs).toBe(0);
  });
});

describe('the verification that a receiver asks for', () => {
  it('takes the place of the one it has not fetched yet', async () => {
    const { live } = stream({ delivery: 'poll' });
    for (let asked = 0; asked < 100; asked += 1) void live.verifyAsked(`state-${asked}`);
    await new Promise(setImmediate);
    const [...tokens] = Object.values(await live.take(1_000));
    expect(tokens).toHaveLength(1);
    const [, claims = ''] = (tokens[0] ?? '').split('.');
    expect(Buffer.from(claims, 'base64url').toString()).toContain('"state":"state-99"');
  });

  it('leaves signs of life and drills alone', async () => {
    const { live } = stream({ delivery: 'poll' });
    void live.beat();
    void live.drill({ id: 'drill-1', tenant: 'acme' }, NEVER);
    void live.verifyAsked('one');
    void live.verifyAsked('two');
    await new Promise(setImmediate);
    expect(live.queue.size).toBe(3);
  });
});
