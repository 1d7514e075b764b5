import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createTokenisers } from './tokeniser.ts';

describe('tokens', () => {
  it('are HMAC-SHA-256 under the tenant’s key, whatever its length', () => {
    for (const size of [0, 1, 32, 63, 64, 65, 200]) {
      const secret = Buffer.alloc(size, 0xa7);
      const tokenisers = createTokenisers({ pseudonymKey: () => ({ id: 'k', secret }) });
      for (const value of ['', 'ann@example.com', 'zoë@example.com', 'x'.repeat(10_000)]) {
        const mac = createHmac('sha256', secret).update(`1|id|${value}`).digest();
        const digest = mac.toString('base64url', 0, 16);
        expect(tokenisers.of('acme').token('id', value)).toBe(`[id:k:${digest}]`);
      }
    }
  });
});
