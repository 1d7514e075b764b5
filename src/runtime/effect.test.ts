import { describe, expect, it } from 'vitest';
import { breakerKeyText } from '../core/breaker.ts';
import { type LogFields, SILENT_LOG } from '../ports/log.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { orderOf } from '../revocation/actuators/testing/orders.ts';
import { createFakeClock } from '../revocation/testing/fakes.ts';
import { EffectWatch, type LatePoint } from './effect.ts';

const KEY = orderOf().key;

function watch(log = SILENT_LOG) {
  const clock = createFakeClock();
  const late: LatePoint[] = [];
  const called: string[] = [];
  const state = { epoch: 1, awaiting: ['broker-1', 'idp'] };
  const effect = new EffectWatch({
    deadlineMs: 5_000,
    fromLevel: 4,
    standing: () => state,
    nextOf: (point) => ({ idp: 'vault', vault: 'proxy' })[point] ?? null,
    call: (actuator, key) => {
      called.push(`${actuator} ${breakerKeyText(key)}`);
      state.awaiting = [...state.awaiting, actuator];
    },
    late: (points) => late.push(...points),
    ...{ clock, log, metrics: SILENT_METRICS },
  });
  const pass = async (ms: number) => {
    clock.advance(ms);
    await new Promise(setImmediate);
  };
  return { effect, late, called, state, pass };
}

describe('EffectWatch', () => {
  it('tells once of each point that is late, and calls the next in its place', async () => {
    const { effect, late, called, pass } = watch();
    effect.note(orderOf(), KEY);
    await pass(4_999);
    expect(late).toEqual([]);
    await pass(1);
    expect(late).toEqual([
      { point: 'broker-1', key: KEY, escalatedTo: null },
      { point: 'idp', key: KEY, escalatedTo: 'vault' },
    ]);
    expect(called).toEqual(['vault acme/agent/invoice-bot']);
  });

  it('gives the next a deadline of its own, and so on', async () => {
    const { effect, late, called, pass } = watch();
    effect.note(orderOf(), KEY);
    for (let n = 0; n < 5; n += 1) await pass(5_000);
    expect(late.map(({ point }) => point)).toEqual(['broker-1', 'idp', 'vault', 'proxy']);
    expect(called).toEqual(['vault acme/agent/invoice-bot', 'proxy acme/agent/invoice-bot']);
  });

  it('is silent about those who answer, low levels, and what is superseded', async () => {
    const { effect, late, state, pass } = watch();
    effect.note(orderOf({ level: 3 }), KEY);
    await pass(5_000);
    effect.note(orderOf(), KEY);
    state.awaiting = [];
    await pass(5_000);
    state.awaiting = ['idp'];
    effect.note(orderOf(), KEY);
    effect.note(orderOf({ level: 0, epoch: 2 }), KEY);
    await pass(5_000);
    expect(late).toEqual([]);
  });

  it('logs a line at once and then one a while, however many are late', async () => {
    const lines: unknown[] = [];
    const log = { ...SILENT_LOG, error: (_: string, fields?: LogFields) => lines.push(fields) };
    const { effect, state, pass } = watch(log);
    state.awaiting = ['broker-1', 'broker-2'];
    for (let n = 0; n < 100; n += 1) {
      effect.note(orderOf(), { ...KEY, id: `bot-${n}` });
    }
    await pass(5_000);
    expect(lines).toEqual([{ point: 'broker-1', points: 2 }]);
    await pass(1_000);
    expect(lines.slice(1)).toEqual([{ orders: 99, points: 198 }]);
    effect.note(orderOf(), KEY);
    await pass(5_000);
    expect(lines.slice(2)).toEqual([{ point: 'broker-1', points: 2 }]);
  });

  it('waits for nobody once it is closed', async () => {
    const { effect, late, pass } = watch();
    effect.note(orderOf(), KEY);
    effect.close();
    await pass(5_000);
    expect(late).toEqual([]);
  });
});
