import { importPKCS8, SignJWT } from 'jose';
import { fill, fillJson, type Values } from './placeholders.ts';
import type { JwtCall } from './template.ts';

/** A JWT signed as a template asks; rejects for a key that cannot sign. */
export async function signedJwt(call: JwtCall, values: Values, nowMs: number): Promise<string> {
  const key = await importPKCS8(fill(call.key, values, 'text'), call.algorithm);
  const issuedAt = Math.floor(nowMs / 1_000);
  const claims = fillJson(call.claims, values) as Record<string, unknown>;
  const kid = call.kid === undefined ? {} : { kid: fill(call.kid, values, 'text') };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: call.algorithm, typ: 'JWT', ...kid })
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + call.seconds)
    .sign(key);
}
