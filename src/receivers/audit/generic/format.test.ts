import { describe, expect, it } from 'vitest';
import { detectAuditFormat, parseAuditValue } from '../formats.ts';
import { genericFormat, isGenericRecord } from './format.ts';

const read = (record: object) => parseAuditValue(record, 'auto', 7, 1_000);

describe('a record of no known product', () => {
  it.each([
    [
      { user_email: 'kim', event_type: 'report.export', org_id: 'o-1', created_at: 1e9 },
      { agent: { id: 'kim' }, action: { name: 'report.export' }, tenantClaimed: 'o-1', time: 1e12 },
    ],
    [
      { actor: { user: { email: 'kim' } }, operation: 'delete_row', result: 'denied', id: 'r-1' },
      { id: 'r-1', agent: { id: 'kim' }, action: { op: 'delete' }, outcome: { status: 'denied' } },
    ],
    [
      { payload: { UserName: 'kim', Action: 'Sign in', IP: '192.0.2.7' }, tenant: { id: 't' } },
      { kind: 'authentication', agent: { id: 'kim' }, tenantClaimed: 't' },
    ],
    [
      { principalEmail: 'kim', methodName: 'Get', target: { type: 'table', id: 'x' }, ok: 1 },
      { resource: { type: 'table', id: 'x' }, time: 1_000, source: { format: 'generic' } },
    ],
  ])('is read by usual member names: %j', (record, event) => {
    expect(detectAuditFormat(record)).toBeNull();
    expect(read(record)).toMatchObject([event]);
  });

  it.each([
    [{ user: 'kim' }],
    [{ action: 'delete' }],
    [{ source_ip: '192.0.2.7', action: 'BLOCK' }],
    [{ user: 'kim', action: 'x', severity: 'HIGH', title: 'Suspicious login' }],
    [{ user: ' ', action: 'x' }],
    [{ user: ['kim'], action: 'x' }],
  ])('is refused where an actor or an action is missing, or it is an alert: %j', (record) => {
    expect(isGenericRecord(record)).toBe(false);
    expect(read(record)).toMatchObject([{ code: 'unknown_format', position: 7 }]);
  });

  it('says what it looked for where it is named and nothing is there', () => {
    expect(genericFormat.map({ user: 'kim' }, { position: 1 })).toMatchObject([
      { code: 'missing_field', path: '/action' },
    ]);
    for (const value of [null, 1, [], 'x']) {
      expect(genericFormat.map(value, { position: 1 })).toMatchObject([{ path: '/actor' }]);
    }
  });

  it('is searched in bounded time', () => {
    const wide = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, { a: {} }]));
    expect(read({ actor: wide, user: wide, event: wide })).toMatchObject([
      { code: 'unknown_format' },
    ]);
  });
});
