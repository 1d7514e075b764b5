import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { Redacted } from '../core/redacted.ts';
import type { Clock } from '../ports/clock.ts';
import { SILENT_LOG } from '../ports/log.ts';
import { startOtlpReceiver } from './testing/otlp-receiver.ts';
import { createTraceForwarder } from './trace-forwarder.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

function eventOf(differences: Partial<AccessEvent> = {}): Redacted<AccessEvent> {
  const event: AccessEvent = {
    v: 1,
    id: 'evt-1',
    time: Date.UTC(2026, 10, 21, 9) + 0.5,
    kind: 'tool_call',
    phase: 'executed',
    source: { format: 'native', deliveredBy: 'gateway', trust: 'broker' },
    tenant: { id: 'acme' },
    agent: { id: 'invoice-bot' },
    action: { name: 'send_email', op: 'write', arguments: { to: '<EMAIL_1>' } },
    outcome: { status: 'success' },
    attrs: {},
    ...differences,
  };
  return event as Redacted<AccessEvent>;
}

describe('trace forwarder', () => {
  let receiver: Awaited<ReturnType<typeof startOtlpReceiver>>;
  let counted: Record<string, number>;
  beforeEach(async () => {
    receiver = await startOtlpReceiver();
    counted = {};
  });
  afterEach(() => receiver.close());

  const open = () => {
    const clock: Clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };
    return createTraceForwarder({
      endpoint: receiver.url,
      headers: { authorization: 'Bearer downstream' },
      clock,
      log: SILENT_LOG,
      metrics: {
        count: (_name, labels, by = 1) => {
          const result = labels?.['result'] ?? '';
          counted[result] = (counted[result] ?? 0) + by;
        },
        gauge: () => {},
        observe: () => {},
      },
    });
  };

  it('keeps trace, span and parent ids, times, outcome and arguments as redacted', async () => {
    const forwarder = await open();
    forwarder.forward([
      eventOf({
        trace: { traceId: TRACE, spanId: '00f067aa0ba902b7', parentSpanId: 'AAF067AA0BA902B7' },
        latencyMs: 84,
        outcome: { status: 'denied' },
        redactions: { email: 1 },
      }),
    ]);
    await forwarder.flush();
    const [span] = receiver.spans;
    expect(span).toMatchObject({
      traceId: TRACE,
      spanId: '00f067aa0ba902b7',
      parentSpanId: 'aaf067aa0ba902b7',
      name: 'execute_tool send_email',
      startTimeUnixNano: '1795251600000500000',
      endTimeUnixNano: '1795251600084500000',
      status: { code: 2, message: 'denied' },
    });
    const attributes = Object.fromEntries(
      span!.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
    );
    expect(attributes).toMatchObject({
      'gen_ai.agent.id': 'invoice-bot',
      'gen_ai.tool.call.arguments': '{"to":"<EMAIL_1>"}',
      'tripcoil.redactions.email': 1,
    });
    expect(attributes).not.toHaveProperty('gen_ai.agent.name');
    expect(receiver.requests).toEqual([{ path: '/v1/traces', authorization: 'Bearer downstream' }]);
    await forwarder.shutdown();
    expect(counted).toEqual({ sent: 1 });
  });

  it('keeps the links of a span as redacted, and says what it could not keep', async () => {
    const forwarder = await open();
    const other = 'AAAA2F3577b34da6a3ce929d0e0e4736';
    const links = [
      { traceId: other, spanId: 'B7AD6B7169203331' },
      { traceId: other },
      { traceId: '[REDACTION_FAILED]', spanId: 'b7ad6b7169203331' },
    ];
    forwarder.forward([eventOf({ trace: { traceId: TRACE, links } }), eventOf()]);
    await forwarder.shutdown();
    expect(receiver.spans[0]).toMatchObject({
      links: [{ traceId: other.toLowerCase(), spanId: 'b7ad6b7169203331' }],
      droppedLinksCount: 2,
    });
    expect(receiver.spans[1]?.links ?? []).toEqual([]);
  });

  it('gives audit events of one chain one trace, the same every time', async () => {
    const forwarder = await open();
    const events = [
      eventOf({ token: { txn: 'x-1' } }),
      eventOf({ token: { txn: 'x-1' }, id: 'evt-2', trace: { traceId: 'not hex' } }),
      eventOf({ token: { txn: 'x-1' }, tenant: { id: 'globex' } }),
    ];
    forwarder.forward(events);
    forwarder.forward(events);
    await forwarder.shutdown();
    const [one, two, other, again] = receiver.spans;
    expect(one!.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(two!.traceId).toBe(one!.traceId);
    expect(other!.traceId).not.toBe(one!.traceId);
    expect(two!.spanId).not.toBe(one!.spanId);
    expect(again).toMatchObject({ traceId: one!.traceId, spanId: one!.spanId });
    expect(receiver.requests).toHaveLength(1);
  });

  it('drops and counts beyond its queue, without waiting', async () => {
    const forwarder = await open();
    forwarder.forward(Array.from({ length: LIMITS.forwardQueue + 3 }, () => eventOf()));
    expect(counted).toEqual({ dropped: 3 });
    await forwarder.shutdown();
    expect(counted).toEqual({ dropped: 3, sent: LIMITS.forwardQueue });
    forwarder.forward([eventOf()]);
    expect(counted['dropped']).toBe(4);
  });

  it('drops and counts what the endpoint refuses, and goes on', async () => {
    const forwarder = await open();
    receiver.state.status = 400;
    forwarder.forward([eventOf(), eventOf()]);
    await forwarder.flush();
    receiver.state.status = 200;
    forwarder.forward([eventOf()]);
    await forwarder.shutdown();
    expect(counted).toEqual({ failed: 2, sent: 1 });
  });
});
