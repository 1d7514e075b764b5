import { describe, expect, it } from 'vitest';
import type { BreakerLevel, BreakerState } from '../../core/breaker.ts';
import { HOUR_MS } from '../../core/time.ts';
import { START } from '../testing/entries.ts';
import { closed, type Opening, opened, prolonged, rises } from './breaker.ts';

const KEY = { tenant: 'acme', kind: 'agent', id: 'bot' } as const;
const standing = (logTime: number, flaps = 0) => ({ key: KEY, logTime, flaps, dwellScale: 1 });
const CLOSED: BreakerState = { phase: 'closed', epoch: 3 };

function by(kind: Opening['class'], level: BreakerLevel): Opening {
  const actor = kind === 'operator' ? 'kim' : null;
  return { level, reason: `${kind} ${level}`, class: kind, findingId: null, actor };
}

function openedBy(...openings: Opening[]): BreakerState {
  let state: BreakerState = CLOSED;
  for (const opening of openings) state = opened(state, opening, standing(START));
  return state;
}

describe('opening', () => {
  it('waits for a person after deterministic evidence, for its dwell after any other', () => {
    expect(openedBy(by('deterministic', 4))).toMatchObject({ phase: 'open', closesAt: null });
    expect(openedBy(by('statistical', 4))).toMatchObject({ closesAt: START + HOUR_MS, epoch: 4 });
    expect(openedBy(by('operator', 4))).toMatchObject({ phase: 'isolated', by: 'kim', epoch: 4 });
  });

  it('only ever rises, but a person takes over at any level', () => {
    const open = openedBy(by('statistical', 4));
    const held = openedBy(by('operator', 4));
    expect([3, 4, 5].map((level) => rises(open, by('statistical', level as 3)))).toEqual([
      false,
      false,
      true,
    ]);
    expect([1, 4, 5].map((level) => rises(open, by('operator', level as 1)))).toEqual([
      true,
      true,
      true,
    ]);
    expect([1, 4, 5].map((level) => rises(held, by('operator', level as 1)))).toEqual([
      false,
      false,
      true,
    ]);
    expect([0, 1].map((level) => rises(CLOSED, by('operator', level as 0)))).toEqual([false, true]);
  });

  it('by a person never lowers what evidence reached', () => {
    const state = openedBy(by('statistical', 4), by('operator', 1));
    expect(state).toMatchObject({ phase: 'isolated', level: 4, by: 'kim', epoch: 5 });
  });

  it('by evidence never puts a timer on a person’s hold', () => {
    const state = openedBy(by('operator', 2), by('statistical', 5));
    expect(state).toMatchObject({ phase: 'isolated', level: 5, by: 'kim', epoch: 5 });
    expect(prolonged(state, standing(START + HOUR_MS))).toBe(state);
  });
});

describe('new evidence', () => {
  it('puts a closing off, and never brings it forward', () => {
    const state = openedBy(by('statistical', 4));
    const later = START + HOUR_MS / 2;
    expect(prolonged(state, standing(later))).toMatchObject({
      closesAt: later + HOUR_MS,
      epoch: 4,
    });
    expect(prolonged(state, standing(START - HOUR_MS))).toMatchObject({
      closesAt: START + HOUR_MS,
    });
    const waiting = openedBy(by('deterministic', 4));
    expect(prolonged(waiting, standing(later))).toBe(waiting);
  });
});

describe('closing', () => {
  it('is an epoch of its own', () => {
    expect(closed(openedBy(by('operator', 4)))).toEqual({ phase: 'closed', epoch: 5 });
    expect(() => closed(CLOSED)).toThrow('only an open breaker closes');
    expect(() => openedBy(by('statistical', 4), by('statistical', 4))).toThrow('upwards');
  });
});
