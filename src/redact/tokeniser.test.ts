import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fixedPseudonymKeys } from './pseudonym-keys.ts';
import { createTokenisers } from './tokeniser.ts';

describe('tokens', () => {
  it('are HMAC-SHA-256 under the tenant’s key, whatever its length', () => {
    for (const size of [0, 1, 32, 63, 64, 65, 200]) {
      const secret = Buffer.alloc(size, 0xa7);
      const keys = fixedPseudonymKeys({ pseudonymKey: () => ({ id: 'k', secret }) });
      const tokenisers = createTokenisers(keys);
      for (const value of ['', 'ann@example.com', 'zoë@example.com', 'x'.repeat(10_000)]) {
        const mac = createHmac('sha256', secret).update(`1|id|${value}`).digest();
        const digest = mac.toString('base64url', 0, 16);
        expect(tokenisers.of('acme').token('id', value)).toBe(`[id:k:${digest}]`);
      }
    }
  });
});
