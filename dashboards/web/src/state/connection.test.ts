import { describe, expect, it } from 'vitest';
import { stepConnection } from './connection.ts';

describe('the connection', () => {
  it('remembers the first moment of a loss, whatever follows', () => {
    const lost = stepConnection({ phase: 'live' }, { type: 'lost', lastHeardAt: 10 });
    expect(lost).toEqual({ phase: 'lost', since: 10 });
    expect(stepConnection(lost, { type: 'lost', lastHeardAt: 99 })).toBe(lost);
    expect(stepConnection(lost, { type: 'opened' })).toEqual({ phase: 'live' });
  });

  it('is paused, not lost, while the page is hidden', () => {
    const hidden = stepConnection({ phase: 'live' }, { type: 'hidden' });
    expect(stepConnection(hidden, { type: 'lost', lastHeardAt: 5 })).toEqual({ phase: 'paused' });
    expect(stepConnection(hidden, { type: 'shown' })).toEqual({ phase: 'connecting' });
  });
});
