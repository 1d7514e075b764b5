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
  readonly latch?: 'proven' | 'repeat' | 'level' | null;
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
  /** Those of `awaiting` that have let `revocation.effect.deadline_seconds` pass. */
  readonly late: readonly string[];
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

/** An order that waits for a second person. */
export interface ApprovalBody {
  readonly id: string;
  readonly key: KeyBody;
  readonly epoch: number;
  readonly order: 'reset' | 'release' | 'exempt';
  /** Of an exemption; null otherwise. */
  readonly minutes: number | null;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: string;
  readonly expires_at: string;
}

/** What came of a drill in one tenant. */
export interface DrillBody {
  readonly drill: string;
  readonly tenant: string;
  /** Enforcement points that did not answer in time, or refused. */
  readonly silent: number;
  readonly points: readonly {
    readonly point: string;
    /** `feed` for a broker that follows the feed, `receiver` for what orders are delivered to. */
    readonly via: 'feed' | 'receiver';
    readonly status: 'acknowledged' | 'silent' | 'refused' | 'dry_run' | 'skipped';
    readonly latency_ms: number | null;
    readonly detail: string | null;
  }[];
}

/** What an order would touch. */
export interface PreviewBody {
  readonly key: KeyBody;
  readonly level: number;
  readonly present_level: number;
  readonly epoch: number;
  readonly needs_two_persons: boolean;
  /** The first hundred; `agents_in_all` counts all of them, heard of within a day. */
  readonly agents: readonly string[];
  readonly agents_in_all: number;
  readonly held_already: number;
  readonly sessions: readonly { readonly agent: string; readonly id: string }[];
  readonly sessions_in_all: number;
  readonly enforcement_points: readonly string[];
}
