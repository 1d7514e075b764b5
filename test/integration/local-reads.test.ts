import { describe, expect, it } from 'vitest';
import { call, createWorkplace, serve } from './served-daemon.ts';

async function readsWithoutToken(extra: string): Promise<number> {
  const workplace = await createWorkplace(extra);
  const daemon = await serve(workplace);
  try {
    return (await call(daemon, null, 'GET', '/v1/agents')).status;
  } finally {
    await daemon.stop();
    await workplace.remove();
  }
}

describe('reading without a token', () => {
  it('is for a loopback listener that nobody else reaches', async () => {
    expect(await readsWithoutToken('')).toBe(200);
  });

  it('ends where public_url declares a proxy, which looks like a local caller', async () => {
    expect(await readsWithoutToken('public_url: https://tripcoil.example\n')).toBe(401);
  });
});
