import { describe, expect, it } from 'vitest';
import { detectAuditFormat } from './formats.ts';
import { AUTHENTICATIONS } from './testing/authentications.ts';

describe('a log-in', () => {
  it.each(AUTHENTICATIONS)('of %s is an authentication with outcome %s: %s', (...of) => {
    const [name, outcome, , record] = of;
    const format = detectAuditFormat(record);
    expect(format?.name).toBe(name);
    expect(format?.map(record, { position: 0 })).toMatchObject([
      { kind: 'authentication', agent: { id: expect.any(String) }, outcome: { status: outcome } },
    ]);
  });
});
