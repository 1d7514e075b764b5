import { TripcoilError } from '../core/errors.ts';
import { LIMITS } from '../core/limits.ts';
import type { Clock } from '../ports/clock.ts';
import type { Control } from '../ports/control.ts';
import type { DrillPoint, DrillReport, DrillStatus, Drills } from '../ports/drills.ts';
import type { Log } from '../ports/log.ts';
import type { Drill, DrillAnswer, RevocationReceiver } from '../ports/revocation-receiver.ts';
import type { Unplaced } from './entries.ts';

export interface DrillsOptions {
  readonly control: Pick<Control, 'command'>;
  readonly append: (entries: readonly Unplaced[]) => Promise<void>;
  /** Brokers that follow the feed of a tenant. */
  readonly brokersOf: (tenant: string) => readonly string[];
  readonly receiversOf: (tenant: string) => readonly RevocationReceiver[];
  /** Fencing term of this writer: with a number it names a drill. */
  readonly term: () => number;
  readonly clock: Clock;
  readonly log: Log;
}

interface Running extends Drill {
  /** Settles the wait for a broker's word. */
  readonly heard: Map<string, () => void>;
}

const RESULTS: Readonly<Record<DrillAnswer['status'], DrillStatus>> = {
  ...{ acknowledged: 'acknowledged', retry: 'silent', rejected: 'refused' },
  ...{ dry_run: 'dry_run', skipped: 'skipped' },
};

/** Runs drills, one of a tenant at a time; nothing of them is kept but what the ledger has. */
export function createDrills(options: DrillsOptions): Drills {
  const { clock, control } = options;
  const listeners = new Set<(tenant: string, drill: string) => void>();
  const running = new Map<string, Running>();
  let count = 0;

  async function run(
    tenant: string,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<DrillReport> {
    if (running.has(tenant)) {
      throw new TripcoilError('conflict', 'a drill of this tenant is under way');
    }
    count += 1;
    const id = `drill-${options.term()}-${count}`;
    const drill: Running = { id, tenant, heard: new Map() };
    running.set(tenant, drill);
    try {
      await control.command(tenant, { type: 'drill', ...by, drill: id });
      const brokers = options.brokersOf(tenant).map((name) => ofBroker(drill, name));
      const receivers = options.receiversOf(tenant).map((receiver) => ofReceiver(drill, receiver));
      for (const listener of listeners) listener(tenant, id);
      const report = { id, tenant, points: await Promise.all([...brokers, ...receivers]) };
      await record(options, report);
      return report;
    } finally {
      running.delete(tenant);
    }
  }

  async function ofBroker({ heard }: Running, point: string): Promise<DrillPoint> {
    const answer = (): Promise<DrillAnswer> =>
      new Promise((resolve) => heard.set(point, () => resolve({ status: 'acknowledged' })));
    return timed(clock, { point, via: 'feed' }, answer);
  }

  async function ofReceiver(
    { id, tenant }: Running,
    receiver: RevocationReceiver,
  ): Promise<DrillPoint> {
    return timed(clock, { point: receiver.name, via: 'receiver' }, async (signal) => {
      if (receiver.drill) return receiver.drill({ id, tenant }, signal);
      return { status: 'dry_run', detail: 'nothing can be asked of it without acting' };
    });
  }

  return {
    run,
    onDrill(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    acknowledge(tenant, id, broker) {
      const drill = running.get(tenant);
      if (drill?.id === id) drill.heard.get(broker)?.();
    },
  };
}

/** By its deadline, whatever it does then. */
async function timed(
  clock: Clock,
  named: Pick<DrillPoint, 'point' | 'via'>,
  ask: (signal: AbortSignal) => Promise<DrillAnswer>,
): Promise<DrillPoint> {
  const over = new AbortController();
  const begunMs = clock.monotonicMs();
  const late: DrillAnswer = { status: 'retry', detail: 'no answer in time' };
  const deadline = clock.sleep(LIMITS.drillTimeoutMs, over.signal).then(() => late);
  const failed: DrillAnswer = { status: 'retry', detail: 'it could not be asked' };
  const answer = await Promise.race([ask(over.signal).catch(() => failed), deadline]);
  over.abort();
  const status = RESULTS[answer.status];
  const latencyMs = status === 'acknowledged' ? clock.monotonicMs() - begunMs : null;
  return { ...named, status, latencyMs, detail: 'detail' in answer ? answer.detail : null };
}

/** What cannot be written now is in the report all the same; the order itself is on record. */
async function record(
  { append, log }: DrillsOptions,
  { id, tenant, points }: DrillReport,
): Promise<void> {
  const entries = points.map(({ point, status, latencyMs, detail }): Unplaced => {
    const text = latencyMs === null ? (detail ?? '') : `${Math.round(latencyMs)} ms`;
    const body = {
      receiver: point,
      jti: id,
      status: 'drill',
      detail: `${status}: ${text}`,
    } as const;
    return { kind: 'delivery', tenant, body };
  });
  if (entries.length === 0) return;
  await append(entries).catch(() => log.warn('the answers to a drill are not in the ledger'));
}
