import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findingBody } from '../testing/bodies.ts';
import { announcement, findings, status, takeIn, transitions } from './store.ts';

/** Each list answers with nothing; the stream brings the rest. */
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', async () => Response.json({ items: [], next: null }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('what the stream brings', () => {
  it('adds a finding, speaks of it, and keeps it when the store still lags', async () => {
    await findings.refresh();
    takeIn({ event: 'finding', data: JSON.stringify(findingBody()) });
    expect(findings.state.value.data?.map((one) => one.id)).toEqual(['1-0']);
    expect(announcement.value).toContain('invoice-bot tripped');
    await findings.refresh();
    expect(findings.state.value.data).toHaveLength(1);
  });

  it("keeps a person's step", () => {
    const step = { time: '', key: { tenant: 'a', kind: 'agent', id: 'b' }, class: 'operator' };
    takeIn({ event: 'transition', data: JSON.stringify(step) });
    expect(transitions.value).toHaveLength(1);
  });

  it('ignores what it cannot read', () => {
    takeIn({ event: 'finding', data: '{' });
    takeIn({ event: 'finding', data: 'null' });
    takeIn({ event: 'weather', data: '{}' });
    expect(findings.state.value.data).toHaveLength(1);
  });

  it('takes the status whole', async () => {
    await status.refresh();
    takeIn({ event: 'status', data: '{"version":"9.9.9"}' });
    expect(status.state.value.data?.version).toBe('9.9.9');
  });
});
