/**
 * What came of the drill at one point: `dry_run` where nothing could be asked without acting,
 * `skipped` where nothing is owed just now, as to a paused stream.
 */
export type DrillStatus = 'acknowledged' | 'silent' | 'refused' | 'dry_run' | 'skipped';

/** One enforcement point in a drill. */
export interface DrillPoint {
  readonly point: string;
  /** `feed` for a broker that follows the feed, `receiver` for what orders are delivered to. */
  readonly via: 'feed' | 'receiver';
  readonly status: DrillStatus;
  /** From the order to the answer; null where none came. */
  readonly latencyMs: number | null;
  readonly detail: string | null;
}

export interface DrillReport {
  readonly id: string;
  readonly tenant: string;
  readonly points: readonly DrillPoint[];
}

/** Drills: the whole way to every enforcement point, without any effect on agents. */
export interface Drills {
  /**
   * Logs the order, tells every enforcement point of the tenant and waits for their answers, each
   * until its own deadline. @throws TripcoilError `conflict` while one of the tenant is under way.
   */
  run(
    tenant: string,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<DrillReport>;
  /** Called with each drill that brokers are to be told of. Returns the unsubscribe. */
  onDrill(listener: (tenant: string, drill: string) => void): () => void;
  /** A broker has been told; words about a drill that is over are ignored. */
  acknowledge(tenant: string, drill: string, broker: string): void;
}
