import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCheckpointText } from '../src/ledger/tlog/checkpoint.ts';
import { parseNote } from '../src/ledger/tlog/signed-note.ts';
import { type Metrics, SILENT_METRICS } from '../src/ports/metrics.ts';

/** How long each entry waited, from its append to a published checkpoint that covers it. */
export class PublishDelays {
  readonly delaysMs: number[] = [];
  /** Of each tenant: the entries that are published, and when those behind them were appended. */
  readonly #tenants: ReadonlyMap<string, { size: number; readonly appendedMs: number[] }>;
  #checkpointOf: (tenant: string) => string | null = () => null;

  private constructor(sizes: ReadonlyMap<string, number>) {
    this.#tenants = new Map([...sizes].map(([tenant, size]) => [tenant, { size, appendedMs: [] }]));
  }

  /** Goes on from what the logs of these tenants hold on disk, the ledger being closed. */
  static async from(ledger: string, tenants: readonly string[]): Promise<PublishDelays> {
    const sizes = new Map<string, number>();
    for (const tenant of tenants) {
      sizes.set(tenant, sizeOf(await readFile(join(ledger, 'logs', tenant, 'checkpoint'), 'utf8')));
    }
    return new PublishDelays(sizes);
  }

  /** Told of every checkpoint as it is published. */
  get metrics(): Metrics {
    return {
      ...SILENT_METRICS,
      count: (name) => {
        if (name === 'tripcoil_ledger_checkpoints_total') this.#look();
      },
    };
  }

  watch(checkpointOf: (tenant: string) => string | null): void {
    this.#checkpointOf = checkpointOf;
  }

  /** In the order of the ledger. */
  appended(tenant: string): void {
    this.#tenants.get(tenant)?.appendedMs.push(performance.now());
  }

  #look(): void {
    const nowMs = performance.now();
    for (const [tenant, log] of this.#tenants) {
      const checkpoint = this.#checkpointOf(tenant);
      const size = checkpoint === null ? log.size : sizeOf(checkpoint);
      const covered = log.appendedMs.splice(0, size - log.size);
      log.size += covered.length;
      for (const appendedMs of covered) this.delaysMs.push(nowMs - appendedMs);
    }
  }
}

function sizeOf(checkpoint: string): number {
  const size = parseCheckpointText(parseNote(checkpoint)?.text ?? '')?.size;
  if (size === undefined) throw new Error('a checkpoint that is published can be read');
  return size;
}
