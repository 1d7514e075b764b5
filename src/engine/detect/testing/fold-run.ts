import type { AccessEvent } from '../../../core/access-event.ts';
import { ENGINE_VERSION, type FoldedEntry, SYSTEM_TENANT } from '../../../core/entry.ts';
import type { Finding } from '../../../core/finding.ts';
import type { GrantSet } from '../../../core/grant.ts';
import type { Redacted } from '../../../core/redacted.ts';
import type { EpochMs } from '../../../core/time.ts';
import { Shard } from '../../shard.ts';
import { restore, snapshot } from '../../snapshot.ts';
import type { AnyDetector } from '../detector.ts';
import { SCENARIO_START } from './scenario.ts';

type Event = Redacted<AccessEvent>;

/** One detector in a whole engine: its findings with what the engine made of them. */
export class FoldRun {
  readonly #detectors: readonly AnyDetector[];
  #shard: Shard;
  #seq = 0;
  #logTime: EpochMs = SCENARIO_START;

  constructor(detectors: AnyDetector | readonly AnyDetector[], options: object = {}) {
    this.#detectors = 'id' in detectors ? [detectors] : detectors;
    this.#shard = this.#newShard();
    const settings = this.#detectors.map(({ id }) => [id, { options }] as const);
    const body = { detectors: Object.fromEntries(settings) };
    if (Object.keys(options).length > 0)
      this.#fold({ kind: 'config', tenant: SYSTEM_TENANT, body });
  }

  /** Folds events in this order, each as its time says; log time never goes back. */
  see(...events: readonly Event[]): readonly Finding[] {
    return events.flatMap((event) => {
      this.#logTime = Math.max(this.#logTime, event.time);
      const contentHash = JSON.stringify(event);
      return this.#fold({ kind: 'input', tenant: event.tenant.id, body: event, contentHash });
    });
  }

  grant(tenant: string, grants: Partial<GrantSet>): void {
    const body = { agents: [], principals: [], resources: [], actions: [], ...grants };
    this.#fold({ kind: 'grant', tenant, body });
  }

  tick(logTime: EpochMs): readonly Finding[] {
    this.#logTime = Math.max(this.#logTime, logTime);
    return this.#fold({ kind: 'tick', tenant: SYSTEM_TENANT, body: {} });
  }

  /** Writes everything down as a snapshot does, and goes on from that. */
  restart(): void {
    const lines = this.text().split('\n');
    this.#shard = this.#newShard();
    restore(
      this.#shard,
      lines.map((line) => JSON.parse(line)),
    );
  }

  /** The whole state as text. */
  text(): string {
    return [...snapshot(this.#shard)].map((chunk) => JSON.stringify(chunk)).join('\n');
  }

  #newShard(): Shard {
    return new Shard({ registry: { detectors: this.#detectors }, initialPosture: 'enforce' });
  }

  #fold(entry: object): readonly Finding[] {
    this.#seq += 1;
    const stamp = { seq: this.#seq, loggedAt: this.#logTime, engineVersion: ENGINE_VERSION };
    const effects = this.#shard.apply([{ ...entry, ...stamp } as FoldedEntry]);
    return effects.flatMap((effect) => (effect.kind === 'finding' ? [effect.decision] : []));
  }
}
