import { breakerKeyText } from '../../core/breaker.ts';
import type { BreakerOrder } from '../../core/breaker-order.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type {
  DeliveryOutcome,
  DrillAnswer,
  RevocationReceiver,
} from '../../ports/revocation-receiver.ts';
import type { Actuator, Receipt, TargetState } from './actuator.ts';
import { Circuit } from './circuit.ts';
import { asksToFreeze, Desired, mayRestore, type Wanted } from './desired.ts';
import type { Mapping } from './mapping.ts';

export interface ReconcilerOptions {
  readonly actuator: Actuator;
  readonly tenants: readonly string[] | '*';
  readonly mapping: Mapping;
  /** Acts only on keys it is told to: the next one when another actuator does not answer. */
  readonly standby: boolean;
  readonly observeEveryMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Drift {
  readonly actuator: string;
  readonly order: BreakerOrder;
  readonly expected: 'frozen' | 'active';
}

/**
 * Keeps the targets of one actuator as the newest orders of their keys want them. Level-triggered:
 * an order only says that it is time to look at what should be, so that lost, repeated and late
 * orders end alike. After acting it looks whether the target obeys, and looks again from time to
 * time: what others changed is put right and told.
 */
export class Reconciler implements RevocationReceiver {
  readonly name: string;
  readonly tenants: readonly string[] | '*';
  readonly #options: ReconcilerOptions;
  readonly #desired: Desired;
  readonly #circuit: Circuit;
  /** The work on a target under way; one after the other. */
  readonly #working = new Map<string, Promise<DeliveryOutcome>>();
  readonly #called = new Set<string>();
  /** Keys from before the start, of which nobody knows any more whether this one was called. */
  readonly #inherited = new Set<string>();
  /** Targets that should be restored and are not yet, whatever came of their key since. */
  readonly #owed = new Set<string>();
  /** Targets with a freeze that was not answered, and until when it may still arrive there. */
  readonly #unanswered = new Map<string, number>();
  readonly #stop = new AbortController();
  #drifted: (drift: Drift) => void = () => undefined;
  #looking: Promise<void> | null = null;

  constructor(options: ReconcilerOptions) {
    const { actuator, mapping, clock, tenants } = options;
    this.#options = options;
    this.name = actuator.name;
    this.tenants = tenants;
    this.#desired = new Desired({ ...actuator.options, mapping });
    this.#circuit = new Circuit(clock);
  }

  get actuator(): Actuator {
    return this.#options.actuator;
  }

  /** Not ended while a slow target is still acting: it would be asked all over again. */
  get attemptMs(): number {
    return this.actuator.attemptMs;
  }

  /** Targets that should be frozen now. */
  get frozen(): readonly string[] {
    return this.#desired.frozen;
  }

  concerns(order: BreakerOrder): boolean {
    const { actuator, mapping, standby } = this.#options;
    const rules = { ...actuator.options, mapping };
    if (this.targetOf(order) === null) return false;
    const restores = actuator.canRestore && mayRestore(order, rules);
    const text = breakerKeyText(order.key);
    if (standby && !this.#called.has(text)) return restores && this.#inherited.has(text);
    return restores || asksToFreeze(order, rules);
  }

  /**
   * The id that the target of an order goes by there; null where it does not concern this one. An
   * agent of another tenant may have the same name: its orders never reach this target.
   */
  targetOf(order: BreakerOrder): string | null {
    const mine = this.tenants === '*' || this.tenants.includes(order.key.tenant);
    return mine ? this.#desired.targetOf(order) : null;
  }

  /** From now on it concerns itself with this key, though it stands by. */
  call(order: BreakerOrder): void {
    if (this.#called.size >= LIMITS.actuatorTargets) return;
    this.#called.add(breakerKeyText(order.key));
  }

  /** Tells of targets that were not as they had been left; they are being put right. */
  onDrift(listener: (drift: Drift) => void): void {
    this.#drifted = listener;
  }

  /** Learns the newest state of a key without acting; `deliver` acts. */
  note(order: BreakerOrder): void {
    const target = this.targetOf(order);
    if (target === null || !this.concerns(order)) return;
    if (!this.#take(order, target)) {
      this.#options.log.error('an actuator has no room for more targets', { actuator: this.name });
    }
  }

  async deliver(order: BreakerOrder, signal: AbortSignal): Promise<DeliveryOutcome> {
    const target = this.targetOf(order);
    if (target === null) return { status: 'rejected', detail: 'no_target' };
    if (!this.#take(order, target)) return { status: 'retry', detail: 'no_room' };
    return Promise.race([this.#reconcile(target), aborted(signal)]);
  }

  /** Looks at one of the targets that should be frozen; nothing is ever acted on. */
  async drill(): Promise<DrillAnswer> {
    const { actuator } = this.#options;
    const [target = ''] = this.#desired.frozen;
    const wanted = this.#desired.of(target);
    if (!actuator.canObserve)
      return { status: 'dry_run', detail: 'nobody can look at its targets' };
    if (!wanted) return { status: 'dry_run', detail: 'nothing is frozen that it could look at' };
    const seen = await actuator.observe(wanted.order, target);
    if (seen === 'unknown') return { status: 'retry', detail: 'a target cannot be looked at' };
    return { status: 'acknowledged' };
  }

  /** Begins to look at what is frozen, from time to time. */
  start(standing: Iterable<BreakerOrder>): void {
    for (const order of standing) {
      if (this.#inherited.size < LIMITS.actuatorTargets) {
        this.#inherited.add(breakerKeyText(order.key));
      }
      this.note(order);
    }
    this.#looking ??= this.#lookOn();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await Promise.all(this.#working.values());
  }

  /** Looks at everything that should be frozen once, and puts right what is not. */
  async look(): Promise<void> {
    if (!this.#options.actuator.canObserve) return;
    const waiting = [...new Set([...this.#desired.frozen, ...this.#owed])];
    const one = async (): Promise<void> => {
      for (let target = waiting.shift(); target !== undefined; target = waiting.shift()) {
        if (this.#stop.signal.aborted) return;
        await this.#lookAt(target);
      }
    };
    await Promise.all(Array.from({ length: LIMITS.actuatorLooksAtOnce }, one));
  }

  #take(order: BreakerOrder, target: string): boolean {
    const before = this.#desired.of(target)?.state;
    if (!this.#desired.note(order)) return false;
    const after = this.#desired.of(target)?.state;
    if (after === 'frozen') this.#owed.delete(target);
    else if (before === 'frozen' && this.#options.actuator.canRestore) this.#owed.add(target);
    return true;
  }

  async #lookOn(): Promise<void> {
    const { clock, observeEveryMs } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(observeEveryMs, signal);
      if (!signal.aborted) await this.look();
    }
  }

  async #lookAt(target: string): Promise<void> {
    const wanted = this.#desired.of(target);
    // What is being worked on is looked at when that is done.
    if (!wanted || this.#working.has(target) || this.#circuit.waitMs > 0) return;
    const { actuator, log, metrics } = this.#options;
    if (this.#owed.has(target)) return void (await this.#reconcile(target));
    if (!actuator.canObserve) return;
    const seen = await actuator.observe(wanted.order, target);
    metrics.count('tripcoil_actuator_looks_total', { actuator: this.name, seen });
    if (this.#desired.of(target)?.state !== wanted.state) return;
    if (seen === wanted.state || seen === 'unknown' || this.#working.has(target)) return;
    log.error('a target is not as it was left; putting it right', {
      actuator: this.name,
      expected: wanted.state,
    });
    metrics.count('tripcoil_actuator_drift_total', { actuator: this.name });
    this.#drifted({ actuator: this.name, order: wanted.order, expected: wanted.state });
    await this.#reconcile(target);
  }

  /** Behind the work on the same target that is under way, if any. */
  #reconcile(target: string): Promise<DeliveryOutcome> {
    const before = this.#working.get(target) ?? Promise.resolve();
    const work: Promise<DeliveryOutcome> = before
      .then(() => this.#bring(target))
      .finally(() => {
        if (this.#working.get(target) === work) this.#working.delete(target);
      });
    this.#working.set(target, work);
    return work;
  }

  /** Brings one target to what it should be now, and looks whether it is. */
  async #bring(target: string): Promise<DeliveryOutcome> {
    const wanted = this.#desired.of(target);
    if (!wanted || this.#stop.signal.aborted) return { status: 'retry', detail: 'closing' };
    const { waitMs } = this.#circuit;
    if (waitMs > 0) return { status: 'retry', detail: 'resting', afterMs: waitMs };
    const { actuator, clock } = this.#options;
    if (wanted.state === 'active' && !actuator.canRestore) return { status: 'acknowledged' };
    const act = wanted.state === 'frozen' ? 'freeze' : 'restore';
    if (act === 'restore' && (await this.#isActive(wanted, target))) {
      return this.#restored(target, wanted, { status: 'acknowledged' });
    }
    const receipt = await actuator[act](wanted.order, target);
    this.#tell(act, receipt);
    if (act === 'freeze' && receipt.status === 'retry') {
      this.#unanswered.set(target, clock.monotonicMs() + LIMITS.actuatorSettleMs);
    }
    if (receipt.status !== 'done') {
      return receipt.status === 'refused'
        ? { status: 'rejected', detail: receipt.detail }
        : { status: 'retry', detail: receipt.detail };
    }
    const { calledAt, returnedAt } = receipt;
    const seen = actuator.canObserve ? await actuator.observe(wanted.order, target) : 'unknown';
    if (contradicts(seen, wanted)) return { status: 'retry', detail: `still_${seen}` };
    const enforcedAt: EpochMs | null = seen === 'unknown' ? null : clock.now();
    const done = { status: 'acknowledged', receipt: { calledAt, returnedAt, enforcedAt } } as const;
    return act === 'restore' ? this.#restored(target, wanted, done) : done;
  }

  /** Not acknowledged while a freeze without an answer may still arrive behind it. */
  #restored(target: string, { order }: Wanted, done: DeliveryOutcome): DeliveryOutcome {
    const until = this.#unanswered.get(target) ?? 0;
    if (until > this.#options.clock.monotonicMs()) {
      return { status: 'retry', detail: 'settling', afterMs: LIMITS.actuatorTimeoutMs };
    }
    this.#unanswered.delete(target);
    this.#owed.delete(target);
    if (order.phase === 'closed') {
      this.#called.delete(breakerKeyText(order.key));
      this.#inherited.delete(breakerKeyText(order.key));
    }
    return done;
  }

  /** Each step of a probation asks to restore; only what is frozen has to be. */
  async #isActive({ order }: Wanted, target: string): Promise<boolean> {
    const { actuator } = this.#options;
    return actuator.canObserve && (await actuator.observe(order, target)) === 'active';
  }

  #tell(act: 'freeze' | 'restore', { status, calledAt, returnedAt, detail }: Receipt): void {
    const { metrics, log } = this.#options;
    if (status === 'done' || status === 'refused') this.#circuit.succeeded();
    else this.#circuit.failed();
    const labels = { actuator: this.name, action: act };
    const { action, actuator } = labels;
    metrics.count('tripcoil_actuator_calls_total', { actuator, action, result: status });
    metrics.observe('tripcoil_actuator_seconds', (returnedAt - calledAt) / 1_000, labels);
    metrics.gauge('tripcoil_actuator_resting', this.#circuit.open ? 1 : 0, { actuator: this.name });
    if (status !== 'done') log.warn('an actuator did not act', { actuator: this.name, detail });
  }
}

function contradicts(seen: TargetState, { state }: Wanted): boolean {
  return seen !== 'unknown' && seen !== state;
}

function aborted(signal: AbortSignal): Promise<DeliveryOutcome> {
  const late = { status: 'retry', detail: 'timeout' } as const;
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(late);
    signal.addEventListener('abort', () => resolve(late), { once: true });
  });
}
