import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Transition } from '../../core/breaker.ts';
import type { Finding } from '../../core/finding.ts';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import type { PostRequest } from '../guarded-post.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { createAlertWebhook } from './alert-webhook.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function transition(epoch: number): Transition {
  return {
    time: 1_795_252_020_000,
    eventId: 'evt-9',
    key: { tenant: 'acme', kind: 'agent', id: 'invoice-bot' },
    from: 'closed',
    to: 'open',
    level: 4,
    epoch,
    reason: 'volume_spike',
    class: 'statistical',
    findingId: '9-0',
    actor: null,
    feedSeq: epoch,
  };
}

function webhook(statusOf: (attempt: number) => number | Promise<number>, secret?: string) {
  const requests: PostRequest[] = [];
  const counts: Record<string, number> = {};
  const clock = createFakeClock();
  const alerts = createAlertWebhook({
    url: 'https://hooks.example/alerts',
    clock,
    random: () => 1,
    log: SILENT_LOG,
    metrics: {
      count: (_name, labels) => {
        const result = labels?.['result'] ?? '';
        counts[result] = (counts[result] ?? 0) + 1;
      },
      gauge: () => undefined,
      observe: () => undefined,
    },
    post: async (request) => {
      requests.push(request);
      const status = await statusOf(requests.length);
      return { status, retryAfter: null, text: '' };
    },
    ...(secret === undefined ? {} : { secret }),
  });
  return { alerts, requests, counts, clock };
}

async function until(condition: () => boolean, turn: () => void = () => undefined): Promise<void> {
  while (!condition()) {
    turn();
    await new Promise(setImmediate);
  }
}

describe('createAlertWebhook', () => {
  it('signs as Standard Webhooks asks', async () => {
    const { alerts, requests } = webhook(() => 204, SECRET);
    alerts.transition(transition(1));
    await until(() => alerts.pending === 0);
    const { headers, body } = requests[0]!;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(JSON.parse(body)).toMatchObject({
      type: 'breaker.transition',
      timestamp: '2026-11-21T09:07:00.000Z',
      data: { key: { id: 'invoice-bot' }, to: 'open', level: 4, epoch: 1 },
    });
  });

  it('sends findings from level high on', async () => {
    const { alerts, requests } = webhook(() => 200);
    const finding = { id: '9-0', tenant: 'acme', time: 0, level: 'medium' } as Finding;
    alerts.finding(finding);
    expect(alerts.pending).toBe(0);
    alerts.finding({ ...finding, level: 'high' });
    await until(() => alerts.pending === 0);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers).not.toHaveProperty('webhook-signature');
  });

  it('retries with back-off under the same id, then gives up and goes on', async () => {
    const { alerts, requests, counts, clock } = webhook((n) =>
      n > LIMITS.alertAttempts ? 200 : 503,
    );
    alerts.transition(transition(1));
    alerts.transition(transition(2));
    await until(
      () => alerts.pending === 0,
      () => clock.advance(1_000),
    );
    const ids = requests.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids.slice(0, LIMITS.alertAttempts)).size).toBe(1);
    expect(ids[LIMITS.alertAttempts]).not.toBe(ids[0]);
    expect(counts).toEqual({ failed: 1, sent: 1 });
  });

  it('drops the oldest when it cannot keep up, and never waits', async () => {
    const { alerts, counts } = webhook(() => new Promise(() => undefined));
    for (let epoch = 1; epoch <= LIMITS.alertQueue + 5; epoch += 1)
      alerts.transition(transition(epoch));
    expect(alerts.pending).toBe(LIMITS.alertQueue);
    expect(counts).toEqual({ dropped: 5 });
  });

  it('drops what is grave only when nothing else is left', async () => {
    const answers: ((status: number) => void)[] = [];
    const { alerts, requests } = webhook(() => new Promise((resolve) => answers.push(resolve)));
    const light = (epoch: number) => alerts.transition({ ...transition(epoch), level: 1 });
    const { key } = transition(1);
    light(1);
    for (let n = 1; n < LIMITS.alertQueue; n += 1) {
      if (n % 100 === 50) alerts.effect({ kind: 'late', point: `p${n}`, key, escalatedTo: null });
      else light(n + 1);
    }
    for (let n = 0; n < 2 * LIMITS.alertQueue; n += 1) light(10_000 + n);
    const told: string[] = [];
    while (alerts.pending > 0) {
      await until(() => answers.length > 0);
      answers.shift()?.(200);
      await new Promise(setImmediate);
    }
    for (const { body } of requests) told.push((JSON.parse(body) as { type: string }).type);
    expect(told.filter((type) => type === 'enforcement.late')).toHaveLength(10);
    await alerts.close();
  });

  it('stops when the receiver is gone', async () => {
    const { alerts, requests, counts } = webhook(() => 410);
    alerts.transition(transition(1));
    await until(() => counts['failed'] === 1);
    alerts.transition(transition(2));
    expect(requests).toHaveLength(1);
    await alerts.close();
  });

  it('refuses a secret that is too short', () => {
    expect(() => webhook(() => 200, 'whsec_c2hvcnQ=')).toThrow('24 bytes');
  });
});
