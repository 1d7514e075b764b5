import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../core/limits.ts';
import { SILENT_LOG } from '../../ports/log.ts';
import { SILENT_METRICS } from '../../ports/metrics.ts';
import { createFakeClock } from '../testing/fakes.ts';
import { type Drift, Reconciler, type ReconcilerOptions } from './reconciler.ts';
import { orderOf } from './testing/orders.ts';
import { simulatedTarget } from './testing/simulated-target.ts';

const NEVER = new AbortController().signal;

function reconciler(
  change: Partial<ReconcilerOptions> = {},
  options: Parameters<typeof simulatedTarget>[1] = {},
  canObserve = true,
) {
  const clock = createFakeClock();
  const target = simulatedTarget(clock, options, canObserve);
  const drifts: Drift[] = [];
  const made = new Reconciler({
    actuator: target.actuator,
    tenants: '*',
    mapping: { template: '{key_id}', table: {} },
    standby: false,
    observeEveryMs: 60_000,
    ...{ clock, log: SILENT_LOG, metrics: SILENT_METRICS },
    ...change,
  });
  made.onDrift((drift) => drifts.push(drift));
  return { made, target, clock, drifts };
}

const SESSION = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' } as const;

describe('Reconciler', () => {
  it('freezes from its level on, and acknowledges with what it saw', async () => {
    const { made, target, clock } = reconciler();
    expect(made.concerns(orderOf({ level: 4 }))).toBe(false);
    expect(made.concerns(orderOf())).toBe(true);
    const at = clock.now();
    expect(await made.deliver(orderOf(), NEVER)).toEqual({
      status: 'acknowledged',
      receipt: { calledAt: at, returnedAt: at, enforcedAt: at },
    });
    expect(target.frozen.has('invoice-bot')).toBe(true);
  });

  it('leaves an agent of another tenant alone, whatever its name', async () => {
    const { made, target } = reconciler({ tenants: ['acme'] });
    const foreign = orderOf({ key: { tenant: 'globex', kind: 'agent', id: 'invoice-bot' } });
    expect(made.concerns(foreign)).toBe(false);
    made.note(foreign);
    expect(made.frozen).toEqual([]);
    expect(await made.deliver(foreign, NEVER)).toMatchObject({ status: 'rejected' });
    await made.look();
    expect(target.frozen.size).toBe(0);
    expect(await made.deliver(orderOf(), NEVER)).toMatchObject({ status: 'acknowledged' });
  });

  it('has the time that its actuator asks for', () => {
    const { made, target } = reconciler();
    expect(made.attemptMs).toBe(target.actuator.attemptMs);
  });

  it('does not claim to have seen what nobody can look at', async () => {
    const { made } = reconciler({}, {}, false);
    expect(await made.deliver(orderOf(), NEVER)).toMatchObject({ receipt: { enforcedAt: null } });
  });

  it('restores what its key asked for, and nothing else', async () => {
    const { made, target } = reconciler();
    await made.deliver(orderOf(), NEVER);
    const closed = orderOf({ level: 0, previousLevel: 5, peakLevel: 5, epoch: 2 });
    await made.deliver(closed, NEVER);
    expect(target.frozen.size).toBe(0);
    const throttled = orderOf({ level: 0, previousLevel: 1, peakLevel: 1, epoch: 4 });
    expect(made.concerns(throttled)).toBe(false);
  });

  it('keeps a target frozen while any key asks for it', async () => {
    const { made, target } = reconciler(
      { mapping: { template: '{agent}', table: {} } },
      { minimumLevel: 4 },
    );
    const session = orderOf({ key: SESSION, level: 4 });
    await made.deliver(session, NEVER);
    await made.deliver(orderOf(), NEVER);
    const closed = { level: 0, previousLevel: 4, peakLevel: 5, epoch: 2 } as const;
    await made.deliver(orderOf({ key: SESSION, ...closed }), NEVER);
    expect(target.frozen.has('invoice-bot')).toBe(true);
    await made.deliver(orderOf(closed), NEVER);
    expect(target.frozen.size).toBe(0);
  });

  it('acts on the newest order, whichever comes', async () => {
    const { made, target } = reconciler();
    await made.deliver(orderOf({ epoch: 1 }), NEVER);
    made.note(orderOf({ level: 0, previousLevel: 5, peakLevel: 5, epoch: 2 }));
    await made.deliver(orderOf({ epoch: 1 }), NEVER);
    expect(target.frozen.size).toBe(0);
  });

  it('restores what it owes also when its key has moved on', async () => {
    const { made, target } = reconciler();
    await made.deliver(orderOf(), NEVER);
    target.faults.push('unreachable');
    await made.deliver(orderOf({ level: 0, previousLevel: 5, peakLevel: 5, epoch: 2 }), NEVER);
    expect(target.frozen.size).toBe(1);
    expect(made.concerns(orderOf({ level: 1, peakLevel: 1, epoch: 3 }))).toBe(false);
    await made.look();
    expect(target.frozen.size).toBe(0);
  });

  it('does not restore what is active already', async () => {
    const { made, target } = reconciler();
    await made.deliver(orderOf({ level: 3, previousLevel: 5, peakLevel: 5, epoch: 2 }), NEVER);
    expect(target.calls).toEqual([]);
  });

  it('waits for a person where it may not act by itself', () => {
    const { made } = reconciler({}, { automatic: false });
    expect(made.concerns(orderOf())).toBe(false);
    expect(made.concerns(orderOf({ class: 'operator' }))).toBe(true);
  });

  it('leaves alone what a table does not name, and who is erased', () => {
    const { made } = reconciler({ mapping: { template: null, table: { 'other-bot': 'x-1' } } });
    expect(made.concerns(orderOf())).toBe(false);
    const key = { tenant: 'acme', kind: 'agent', id: 'other-bot' } as const;
    expect(made.targetOf(orderOf({ key }))).toBe('x-1');
    expect(made.concerns(orderOf({ key, unresolvable: true }))).toBe(false);
  });

  it('stands by until it is called', async () => {
    const { made, target } = reconciler({ standby: true });
    expect(made.concerns(orderOf())).toBe(false);
    made.call(orderOf());
    expect(made.concerns(orderOf())).toBe(true);
    await made.deliver(orderOf(), NEVER);
    expect(target.frozen.size).toBe(1);
    const closed = orderOf({ level: 0, peakLevel: 5, epoch: 2 });
    expect(made.concerns(closed)).toBe(true);
    await made.deliver(closed, NEVER);
    expect(target.frozen.size).toBe(0);
    expect(made.concerns(orderOf({ epoch: 3 }))).toBe(false);
  });

  it('restores what it was called for before a restart', async () => {
    const { made, target } = reconciler({ standby: true });
    target.frozen.add('invoice-bot');
    made.start([orderOf()]);
    expect(made.concerns(orderOf())).toBe(false);
    const closed = orderOf({ level: 0, previousLevel: 5, peakLevel: 5, epoch: 2 });
    expect(made.concerns(closed)).toBe(true);
    await made.deliver(closed, NEVER);
    expect(target.frozen.size).toBe(0);
    await made.close();
  });

  it('says so when a target does not obey', async () => {
    const { made, target } = reconciler();
    target.actuator.freeze = async () => ({
      ...{ status: 'done', detail: 'frozen', calledAt: 0, returnedAt: 0 },
    });
    expect(await made.deliver(orderOf(), NEVER)).toEqual({
      status: 'retry',
      detail: 'still_active',
    });
  });

  it('puts right what others change, and tells', async () => {
    const { made, target, clock, drifts } = reconciler();
    made.start([]);
    await made.deliver(orderOf(), NEVER);
    target.frozen.clear();
    clock.advance(60_000);
    while (target.frozen.size === 0) await new Promise(setImmediate);
    expect(drifts).toMatchObject([{ actuator: 'simulated', expected: 'frozen' }]);
    await made.close();
  });

  it('looks after a restart at what stands', async () => {
    const { made, target, clock } = reconciler();
    made.start([orderOf(), orderOf({ key: SESSION, level: 4 })]);
    clock.advance(60_000);
    while (target.frozen.size === 0) await new Promise(setImmediate);
    expect(target.calls).toEqual(['freeze invoice-bot']);
    await made.close();
  });

  it('lets a target rest that does not answer, and tries again', async () => {
    const { made, target, clock } = reconciler();
    target.away = true;
    for (let n = 0; n < LIMITS.actuatorFailures; n += 1) await made.deliver(orderOf(), NEVER);
    const calls = target.calls.length;
    expect(await made.deliver(orderOf(), NEVER)).toEqual({
      status: 'retry',
      detail: 'resting',
      afterMs: LIMITS.actuatorRestMs,
    });
    expect(target.calls).toHaveLength(calls);
    target.away = false;
    clock.advance(LIMITS.actuatorRestMs);
    expect(await made.deliver(orderOf(), NEVER)).toMatchObject({ status: 'acknowledged' });
  });

  it('answers when its time is up, whatever the target does', async () => {
    const { made, target } = reconciler();
    target.actuator.freeze = () => new Promise(() => undefined);
    const limit = new AbortController();
    const outcome = made.deliver(orderOf(), limit.signal);
    limit.abort();
    expect(await outcome).toEqual({ status: 'retry', detail: 'timeout' });
  });

  it('answers a drill by looking at what it has frozen, and acts on nothing', async () => {
    const { made, target } = reconciler();
    const nothing = await made.drill();
    expect(nothing).toMatchObject({
      status: 'dry_run',
      detail: expect.stringMatching(/nothing is frozen/),
    });
    await made.deliver(orderOf(), NEVER);
    const calls = [...target.calls];
    expect(await made.drill()).toEqual({ status: 'acknowledged' });
    target.away = true;
    expect(await made.drill()).toMatchObject({ status: 'retry' });
    expect(target.calls).toEqual(calls);
    const unseen = reconciler({}, {}, false).made;
    expect(await unseen.drill()).toMatchObject({
      status: 'dry_run',
      detail: expect.stringMatching(/nobody can look/),
    });
  });
});
