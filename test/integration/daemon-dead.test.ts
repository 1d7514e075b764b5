import { expect, it } from 'vitest';
import { createBreakerClient } from '../../client/src/index.ts';
import { WALL_CLOCK } from '../../src/runtime/wall-clock.ts';
import { call, createWorkplace, eventually, serve } from './served-daemon.ts';

const TOKEN = 'gateway-token-0123456789';

it('a broker whose daemon was killed denies writes within ten seconds', async () => {
  const workplace = await createWorkplace(
    `tokens: [{ name: gateway, token: ${TOKEN}, ` +
      'roles: [broker], tenants: [acme], trust: broker }]\n',
  );
  const daemon = await serve(workplace);
  // Time as the client sees it, run ahead of at will; its silence begins with the kill.
  let aheadMs = 0;
  const monotonicMs = () => performance.now() + aheadMs;
  const sleep = (ms: number, signal: AbortSignal) => WALL_CLOCK.sleep(ms, signal);
  const client = createBreakerClient({
    ...{ url: daemon.main, token: TOKEN, clock: { monotonicMs, sleep } },
  });
  try {
    expect(await client.ready()).toBe(true);
    const operator = await daemon.token('local-operator');
    const body = { reason: 'the test wants it', create: true };
    await call(daemon, operator, 'POST', '/v1/tenants/acme/enforce', body);
    await eventually(
      async () => client.status().posture,
      (posture) => posture === 'enforce',
    );
    const ask = (op: string) => client.check({ agent: 'any-bot', op }).allow;
    expect([ask('write'), ask('read')]).toEqual([true, true]);
    await daemon.kill();
    const ageMs = client.status().ageMs ?? 0;
    aheadMs = 10_000 - ageMs + 1;
    expect(client.status().state).toBe('lost');
    expect([ask('write'), ask('read')]).toEqual([false, true]);
    expect(client.check({ agent: 'any-bot', op: 'write' }).reason).toBe('feed_lost');
  } finally {
    await client.close();
    await daemon.kill();
    await workplace.remove();
  }
});
