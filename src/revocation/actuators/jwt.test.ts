import { decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from 'jose';
import { describe, expect, it } from 'vitest';
import { signedJwt } from './jwt.ts';
import type { JwtCall } from './template.ts';

const NOW = Date.UTC(2026, 10, 22, 9) + 999;

async function call(algorithm: 'RS256' | 'ES256', change: Partial<JwtCall> = {}) {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  const made: JwtCall = {
    ...{ algorithm, key: '{key}', seconds: 300, save: 'assertion' },
    claims: { iss: '{issuer}', aud: 'https://target.example/{tenant}' },
    ...change,
  };
  const given = { key: await exportPKCS8(privateKey), issuer: 'bot', tenant: 'acme' };
  const values = new Map(Object.entries(given).map(([name, text]) => [name, { text }]));
  return { made, values, publicKey };
}

describe('signedJwt', () => {
  it.each(['RS256', 'ES256'] as const)('signs with %s what a template asks for', async (alg) => {
    const { made, values, publicKey } = await call(alg, { kid: 'k-{tenant}' });
    const token = await signedJwt(made, values, NOW);
    const { payload } = await jwtVerify(token, publicKey, { currentDate: new Date(NOW) });
    const iat = Math.floor(NOW / 1_000);
    expect(payload).toEqual({
      iss: 'bot',
      aud: 'https://target.example/acme',
      iat,
      exp: iat + 300,
    });
    expect(decodeProtectedHeader(token)).toEqual({ alg, typ: 'JWT', kid: 'k-acme' });
  });

  it('rejects a key that cannot sign, without repeating it', async () => {
    const { made, values } = await call('RS256');
    values.set('key', { text: 'hunter2' });
    const refused = await signedJwt(made, values, NOW).catch((error: Error) => error);
    expect(refused).toBeInstanceOf(Error);
    expect(String(refused)).not.toContain('hunter2');
  });
});
