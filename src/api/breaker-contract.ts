/** Breakers and their steps as the API and the web interface tell them. */
export interface KeyBody {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
  readonly agent?: string;
}

export interface BreakerBody {
  readonly key: KeyBody;
  readonly phase: 'closed' | 'open' | 'probation' | 'isolated' | 'exempt';
  readonly level: number;
  readonly level_name: string;
  readonly epoch: number;
  readonly term: number;
  readonly reason: string | null;
  readonly title: string | null;
  readonly class: string | null;
  readonly opened_at: string | null;
  /** When it moves on by itself; null where it waits for a person, or for calls. */
  readonly closes_at: string | null;
  readonly finding_id: string | null;
  /** Whether closing it takes two distinct persons, unless the tenant has a single operator. */
  readonly needs_two_persons: boolean;
  /** Of an open one: why no timer closes it. */
  readonly latch?: 'proven' | 'repeat' | null;
  /** Of one on probation: per cent of the usual rate, and that in calls a minute if known. */
  readonly step?: 25 | 50 | 100;
  readonly rate_per_min?: number | null;
  /** Of an exemption: when it ends, and the ticket of a break-glass order. */
  readonly until?: string;
  readonly ticket?: string | null;
  /** Of an exemption or a person's hold: who gave the order. */
  readonly by?: string;
  /** Enforcement points that confirmed this epoch, and those still owed. */
  readonly acknowledged_by: readonly string[];
  readonly awaiting: readonly string[];
}

export interface TransitionBody {
  readonly time: string;
  readonly event_id: string | null;
  readonly key: KeyBody;
  readonly from: string;
  readonly to: string;
  readonly level: number;
  readonly epoch: number;
  readonly reason: string;
  readonly class: string;
  readonly finding_id: string | null;
  readonly actor: string | null;
}
