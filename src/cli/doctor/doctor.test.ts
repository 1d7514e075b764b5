import { describe, expect, it } from 'vitest';
import type { IngestStatusBody } from '../../api/contract.ts';
import { exitCodeOf, failed, sound, warning } from './check.ts';
import { freeSpace, nodeVersion } from './offline.ts';
import { clockSkew, ingestChecks } from './online.ts';

const CALM: IngestStatusBody = {
  now: '2026-11-21T09:00:00.000Z',
  queue: { state: 'open', length: 0, capacity: 65_536 },
  ...{ sources: [], intakes: [], turned_away: [], kafka: [], blind: [] },
};

describe('doctor', () => {
  it('exits by the worst that it found', () => {
    const poor = warning('b', 'what', 'why', 'cure');
    expect(exitCodeOf([sound('a', 'fine')])).toBe(0);
    expect(exitCodeOf([sound('a', 'fine'), poor])).toBe(1);
    expect(exitCodeOf([poor, failed('c', 'what', 'why', 'cure')])).toBe(2);
  });

  it.each([
    ['24.12.0', 'ok'],
    ['25.0.0', 'ok'],
    ['24.11.9', 'failed'],
    ['22.20.0', 'failed'],
  ])('takes Node %s for %s', (version, status) => {
    expect(nodeVersion(version).status).toBe(status);
  });

  it.each([
    [10_000, 'ok'],
    [1_000, 'warning'],
    [10, 'failed'],
  ])('takes %i MiB of free space for %s', (mib, status) => {
    expect(freeSpace({ bavail: mib, bsize: 1024 * 1024 }).status).toBe(status);
  });

  it('tells how far the clocks are apart', () => {
    const date = 'Sat, 21 Nov 2026 09:00:00 GMT';
    const here = Date.parse(date);
    expect(clockSkew(date, here).status).toBe('ok');
    expect(clockSkew(date, here + 30_000).status).toBe('warning');
    expect(clockSkew(date, here - 600_000).status).toBe('failed');
    expect(clockSkew(null, here).status).toBe('ok');
  });

  it('prints the alias that would attribute records', () => {
    const checks = ingestChecks({
      ...CALM,
      intakes: [
        {
          ...{ credential: 'collector', trust: 'broker', tenants: ['acme'], accepted: 0 },
          ...{ format: 'otlp.traces', ignored: 0, quarantined: 0, last_at: null },
          ...{ rejected: { missing_field: 4 }, examples: [], unknown_attributes: [] },
          unattributed: [
            {
              ...{ missing: 'agent', count: 4, candidates: [], fix_in: 'configuration' },
              fix: 'aliases:\n  agent.id: [acme.bot]',
            },
          ],
        },
      ],
    });
    expect(checks.map(({ status }) => status)).toEqual(['warning', 'warning']);
    expect(checks.at(-1)?.cure).toContain('agent.id: [acme.bot]');
  });

  it('counts what was refused once by code, and names every place, but those a cure has', () => {
    const example = (path: string, message: string) => ({
      ...{ at: CALM.now, code: 'missing_field', path, message, shape: null },
    });
    const checks = ingestChecks({
      ...CALM,
      intakes: [
        {
          ...{ credential: 'mail', trust: 'broker', tenants: ['acme'], accepted: 0 },
          ...{ format: 'native', ignored: 0, quarantined: 0, last_at: null },
          ...{ rejected: { missing_field: 5, clock_skew: 1 }, unknown_attributes: [] },
          examples: [
            example('id', 'id is required'),
            { ...example('time', 'too far from now'), code: 'clock_skew' },
            example('agent.id', 'agent.id is required'),
            example('tenant', 'names no tenant'),
          ],
          unattributed: [
            { ...{ missing: 'tenant', count: 1, candidates: [], fix_in: 'sender' }, fix: '…' },
          ],
        },
      ],
    });
    expect(checks.slice(1).map(({ what }) => what)).toEqual([
      '1 record names no tenant',
      '5 records refused: missing_field, such as at id, agent.id',
      '1 record refused: clock_skew, such as at time',
    ]);
    expect(checks.at(-2)?.cure).toContain('id is required; agent.id is required');
  });
});
