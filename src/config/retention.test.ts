import { describe, expect, it } from 'vitest';
import { RETENTION_SCHEMA, retentionOf } from './retention.ts';

describe('retentionOf', () => {
  it('knows the presets, days and years', () => {
    expect(retentionOf({})).toEqual({ evidenceDays: null, searchDays: null });
    expect(retentionOf({ evidence: 'finance' }).evidenceDays).toBe(2_557);
    expect(retentionOf({ evidence: 'health' }).evidenceDays).toBe(2_192);
    expect(retentionOf({ evidence: '90d' })).toEqual({ evidenceDays: 90, searchDays: 90 });
    expect(retentionOf({ evidence: '2y' }).evidenceDays).toBe(731);
  });

  it('lets a tenant replace each key, and search never outlive the evidence', () => {
    const general = { evidence: 'finance', search: '90d' } as const;
    expect(retentionOf(general, { search: '30d' })).toEqual({
      evidenceDays: 2_557,
      searchDays: 30,
    });
    expect(retentionOf(general, { evidence: '60d' })).toEqual({ evidenceDays: 60, searchDays: 60 });
    const all = retentionOf(general, { evidence: 'forever', search: 'forever' });
    expect(all).toEqual({ evidenceDays: null, searchDays: null });
  });

  it('takes nothing else', () => {
    for (const evidence of ['', '0d', '7', 'seven years', '1w', '100000d']) {
      expect(RETENTION_SCHEMA.safeParse({ evidence }).success).toBe(false);
    }
  });
});
