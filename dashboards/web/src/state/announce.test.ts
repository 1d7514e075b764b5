import { describe, expect, it } from 'vitest';
import { findingBody } from '../testing/bodies.ts';
import { announcementOf, createAnnouncer } from './announce.ts';

describe('announcements', () => {
  it('says who tripped and why', () => {
    expect(announcementOf([findingBody()])).toBe(
      'invoice-bot tripped, suspend: 4,812 records, usually up to 210 (p<1e-9).',
    );
    expect(announcementOf([findingBody(), findingBody()])).toMatch(
      /^2 trips\. Latest: invoice-bot/,
    );
    expect(announcementOf([])).toBe('');
  });

  it('speaks at once, then gathers, then falls quiet', () => {
    const said: string[] = [];
    const timers: (() => void)[] = [];
    const announcer = createAnnouncer(
      (text) => said.push(text),
      (run) => timers.push(run),
    );
    announcer.push(findingBody({ decision: { tripped: false, why: 'shadow' } }));
    expect(said).toEqual([]);
    announcer.push(findingBody());
    announcer.push(findingBody());
    announcer.push(findingBody());
    expect(said).toHaveLength(1);
    timers.shift()?.();
    expect(said).toHaveLength(2);
    expect(said[1]).toMatch(/^2 trips/);
    timers.shift()?.();
    expect(timers).toHaveLength(0);
    announcer.push(findingBody());
    expect(said).toHaveLength(3);
  });
});
