import type { BreakerBody, KeyBody } from './breaker-contract.ts';
import type { FeedbackBody } from './detector-contract.ts';
import type { RiskPartBody } from './risk-contract.ts';

/**
 * Bodies of the HTTP API, as sent. The web UI and the CLI import these types; /openapi.json is
 * made from the schemas beside the routes.
 */

export interface ErrorBody {
  /** A code of docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly path?: string;
  readonly request_id?: string;
  /** Everything wrong with a document, where more than one thing may be. */
  readonly problems?: readonly { readonly path: string; readonly message: string }[];
}

export type AgentState = 'learning' | 'normal' | 'at_risk' | 'tripped' | 'unregistered';

export interface AgentCoverage {
  readonly detector: string;
  /** `enforce`, `alert` or `shadow`, as set for this agent. */
  readonly mode: string;
  readonly verdict: 'judged' | 'blind';
  /** The field that would cure blindness, and how. */
  readonly field?: string;
  readonly cure?: string;
}

export interface AgentBody {
  readonly tenant: string;
  readonly agent: string;
  readonly state: AgentState;
  readonly posture: 'shadow' | 'enforce';
  /** 0 to 100. */
  readonly risk: number;
  readonly risk_parts: readonly RiskPartBody[];
  readonly risk_explanation: string;
  readonly level: number;
  readonly role: string | null;
  readonly owners: { readonly business?: string; readonly technical?: string } | null;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly baseline_age_ms: number;
  readonly calls: number;
  readonly coverage: readonly AgentCoverage[];
}

export interface FindingBody {
  readonly id: string;
  readonly time: string;
  readonly event_id: string;
  readonly tenant: string;
  /** Empty where `subject` names something else. */
  readonly agent: string;
  /** What the finding is about where that is no agent: `source`. */
  readonly subject?: { readonly kind: string; readonly id: string };
  readonly session: string | null;
  /** Empty where the finding belongs to no chain. */
  readonly chain: string;
  readonly detector: string;
  readonly family: string;
  readonly mode: string;
  readonly level: string;
  readonly score: number;
  readonly actual: number | null;
  readonly typical: number | null;
  readonly probability: number | null;
  readonly title: string;
  readonly explanation: string;
  readonly evidence: {
    readonly events: readonly string[];
    readonly measures: Readonly<Record<string, number>>;
    readonly facts: Readonly<Record<string, string>>;
  };
  /** `{tripped:true,key,level,capped_by?}` or `{tripped:false,why,would?}`. */
  readonly decision:
    | {
        readonly tripped: true;
        readonly key: KeyBody;
        readonly level: number;
        /** Why it stayed below the level the detector asked for. */
        readonly capped_by?: string;
      }
    | {
        readonly tripped: false;
        readonly why: string;
        readonly would?: { readonly key: KeyBody; readonly level: number };
      };
  /** Absent where nobody said anything. */
  readonly feedback?: FeedbackBody;
}

/** What an erasure took, or would take. */
export interface ErasureBody {
  readonly tenant: string;
  readonly dry_run: boolean;
  readonly keys: number;
  readonly values: number;
  readonly events: number;
  readonly findings: number;
  readonly transitions: number;
}

export interface RevealBody {
  readonly id: string;
  readonly status: 'requested' | 'approved';
  readonly expires_at: string;
}

export interface RotationBody {
  readonly tenant: string;
  readonly key_id: string;
  readonly previous_key_id: string;
  readonly overlap_until: string;
}

/** Where one kind of personal data or secret was met; never the value. */
export interface PersonalFindingBody {
  readonly tenant: string;
  readonly type: string;
  readonly source: string;
  readonly field: string;
  readonly agent: string;
  readonly count: number;
  readonly first_seen: string;
  readonly last_seen: string;
}

export interface ChainStepBody {
  readonly seq: number;
  readonly event_id: string;
  readonly time: string;
  readonly tenant: string;
  readonly agent: string;
  readonly session: string | null;
  readonly kind: string;
  readonly action: string;
  readonly op: string;
  readonly resource: {
    readonly type?: string;
    readonly id?: string;
    readonly tenant?: string;
    readonly server?: string;
  } | null;
  readonly principal: string | null;
  readonly delegation: readonly string[];
  readonly decision: {
    readonly verdict: string;
    readonly id?: string;
    readonly policy?: string;
  } | null;
  readonly approval: { readonly status: string; readonly approver?: string } | null;
  readonly token: { readonly jti?: string; readonly txn?: string } | null;
  readonly outcome: string;
  readonly latency_ms: number | null;
  readonly records: number | null;
  readonly trace_id: string | null;
  readonly span_id: string | null;
  readonly parent_span_id: string | null;
  readonly source: string;
  readonly trust: string;
  readonly redactions: Readonly<Record<string, number>>;
  /** What it is in the course of the request: `request`, `decision`, `approval`, `token` … */
  readonly role: string;
  /** Milliseconds between the event and its arrival, where that was after the grace; else null. */
  readonly late_ms: number | null;
}

/** One link of an execution; `seq` names the step that shows it. */
export interface ChainLinkBody {
  /** `present`, `late`, `pending`, `missing` or `not_expected`. */
  readonly state: string;
  readonly seq: number | null;
  readonly reason: string | null;
}

/** One action, however many sources told of it. */
export interface ChainExecutionBody {
  /** Steps that tell of it, the earliest first. */
  readonly seqs: readonly number[];
  readonly event_id: string;
  readonly agent: string;
  readonly action: string;
  readonly links: {
    readonly request: ChainLinkBody;
    readonly decision: ChainLinkBody;
    readonly approval: ChainLinkBody;
    readonly token: ChainLinkBody;
    readonly outcome: ChainLinkBody;
  };
}

export interface ChainBody {
  readonly id: string;
  readonly tenants: readonly string[];
  readonly agents: readonly string[];
  readonly started_at: string;
  readonly ended_at: string;
  readonly steps: readonly ChainStepBody[];
  readonly executions: readonly ChainExecutionBody[];
  /**
   * Who handed over to whom, before the step `seq`: as declared by the `act` chain (`delegation`),
   * a parent `span` or a `link`; `order` where only the change of agent tells.
   */
  readonly hops: readonly {
    readonly seq: number;
    readonly from: string;
    readonly to: string;
    readonly by: string;
  }[];
  /** What is not there although it should be, or may still come: each after the step `seq`. */
  readonly gaps: readonly {
    readonly reason: string;
    readonly state: 'pending' | 'missing';
    readonly seq: number;
    readonly event_id: string;
  }[];
  /** Chains found to be this one, which still resolve, and the key that showed it. */
  readonly merged: readonly {
    readonly id: string;
    readonly by: string;
    readonly key: string;
    readonly time: string;
  }[];
  /** Keys that occur in too many chains to join any more, so that others may belong here. */
  readonly shared_keys: readonly { readonly kind: string; readonly key: string }[];
  /** What else the id that was asked for may mean: ids by which to ask for those. */
  readonly others: readonly { readonly id: string; readonly tenant: string }[];
  /** Visible tenants in which the id occurs, but no evidence above an agent's word joins them. */
  readonly unrelated_tenants: readonly string[];
  readonly findings: readonly FindingBody[];
  readonly truncated: boolean;
}

/** One row of the list of chains. */
export interface ChainSummaryBody {
  readonly id: string;
  readonly tenant: string;
  readonly agents: readonly string[];
  readonly principal: string | null;
  readonly started_at: string;
  readonly ended_at: string;
  readonly steps: number;
  /** Names of the first few actions. */
  readonly actions: readonly string[];
  readonly executions: number;
  /** Verdicts of its policy decisions, each once. */
  readonly verdicts: readonly string[];
  /** What is missing, each reason once. */
  readonly gaps: readonly string[];
  /** How many links may still come. */
  readonly pending: number;
  readonly truncated: boolean;
}

export interface PageBody<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
}

export interface StatusBody {
  /**
   * Absent for a credential of every tenant. For others the figures of the whole process (ledger,
   * ingest, revocation) are zero, because they would tell of other tenants.
   */
  readonly scope?: 'tenants';
  readonly version: string;
  readonly started_at: string;
  readonly term: number;
  readonly ledger: {
    readonly seq: number;
    readonly hash: string;
    /** Decisions that are in force and wait for the disk to take them. */
    readonly unrecorded: number;
  };
  readonly store: {
    readonly kind: string;
    readonly healthy: boolean;
    readonly projected_seq: number;
    /** Only while it is built again from the ledger: how many entries the new one has. */
    readonly rebuild?: { readonly seq: number; readonly of: number };
  };
  readonly tenants: readonly {
    readonly tenant: string;
    readonly posture: 'shadow' | 'enforce';
    readonly agents: number;
    readonly open_breakers: number;
    /** Breakers that some enforcement point is late to acknowledge. */
    readonly late_breakers: number;
    /** Findings that enforcement would have acted on. */
    readonly would_have_tripped: number;
    /** Since when statistics stop nothing, and why; null in calm. */
    readonly storm: { readonly since: string; readonly cause: string } | null;
    /** One person may do what takes two elsewhere. */
    readonly single_operator: boolean;
  }[];
  readonly ingest: {
    readonly events: number;
    readonly rejected: number;
    readonly per_second: number;
    readonly last_event_at: string | null;
  };
  /** Milliseconds from a breaker's opening to the broker's acknowledgement. */
  readonly revocation: {
    readonly delivered: number;
    readonly unacknowledged: number;
    readonly p50_ms: number | null;
    readonly p99_ms: number | null;
  };
  readonly demo: boolean;
}

/** A breaker's step, as `transition` on `/v1/stream`. */
/** What one agent did per bucket; buckets without a call are left out. */
export interface ActivityBody {
  readonly bucket_ms: number;
  readonly items: readonly {
    readonly bucket: string;
    readonly calls: number;
    readonly records: number;
  }[];
}

/** Answer to an order that was logged. `breaker` is its state afterwards. */
export interface OrderBody {
  readonly accepted: true;
  readonly breaker: BreakerBody | null;
}

export interface PostureBody {
  readonly tenant: string;
  readonly posture: 'shadow' | 'enforce';
}

export interface GrantsBody {
  readonly tenants: readonly { readonly tenant: string; readonly agents: number }[];
}

/** `silent` has a finding; `quiet` has sent nothing for longer than usual and has none yet. */
export type SourceState = 'sending' | 'quiet' | 'silent';

export interface SourceBody {
  readonly tenant: string;
  /** As findings name it. */
  readonly id: string;
  readonly name: string;
  readonly format: string;
  /** The credential that delivers it, and what its evidence is worth. */
  readonly credential: string;
  readonly trust: string;
  readonly state: SourceState;
  readonly per_second: number;
  readonly per_second_1h: number;
  /** From the event's own time to its entry in the log, over the last hours. */
  readonly lag_ms: { readonly p50: number | null; readonly p99: number | null };
  readonly first_seen: string;
  readonly last_seen: string;
  /** Event time up to which this source has told what it will. */
  readonly watermark: string;
  readonly accepted: number;
  readonly duplicates: number;
  /** Null where the source numbers nothing. */
  readonly sequence: {
    readonly last: number;
    readonly restarts: number;
    readonly missing: number;
    readonly gaps: readonly {
      readonly from: number;
      readonly to: number;
      readonly since: string;
      /** False while it may still be reordering. */
      readonly told: boolean;
    }[];
  } | null;
  readonly silence: {
    readonly since: string | null;
    /** Null where silence is not judged, and why. */
    readonly allowed_ms: number | null;
    readonly unjudged: 'young' | 'rare' | 'off' | null;
    readonly longest_pause_ms: number;
  };
}

export interface SeenBody {
  readonly key: string;
  readonly count: number;
}

/** What one credential delivered to one receiver since the process started. */
export interface IntakeBody {
  readonly credential: string;
  readonly trust: string;
  /** `*` for all. */
  readonly tenants: readonly string[];
  readonly format: string;
  readonly accepted: number;
  /** Records that tell of no agent's action; nothing is wrong with them. */
  readonly ignored: number;
  /** Events too far from the present time, which are part of `rejected` too. */
  readonly quarantined: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly last_at: string | null;
  /** Newest first, one of each kind; no value of any record. */
  readonly examples: readonly {
    readonly at: string;
    readonly code: string;
    readonly path: string;
    readonly message: string;
    readonly shape: string | null;
  }[];
  /** Names that no field takes, by how often they were seen among the records looked at. */
  readonly unknown_attributes: readonly SeenBody[];
  readonly unattributed: readonly {
    readonly missing: 'agent' | 'tenant' | 'operation' | 'action';
    readonly count: number;
    readonly candidates: readonly SeenBody[];
    /** The exact lines that would mend it, and where they go. */
    readonly fix: string;
    readonly fix_in: 'configuration' | 'grants' | 'sender';
  }[];
}

export interface IngestStatusBody {
  readonly now: string;
  readonly queue: {
    /** `refusing` answers 429; `unwritable` 503, since the ledger's disk refuses. */
    readonly state: 'open' | 'filling' | 'refusing' | 'unwritable';
    /** Null for a credential of some tenants only, since the queue is everybody's. */
    readonly length: number | null;
    readonly capacity: number;
  };
  readonly sources: readonly SourceBody[];
  readonly intakes: readonly IntakeBody[];
  /** Requests refused whole, by receiver and code; for a credential of every tenant only. */
  readonly turned_away: readonly {
    readonly format: string;
    readonly code: string;
    readonly count: number;
  }[];
  readonly kafka: readonly {
    readonly name: string;
    readonly topic: string;
    readonly format: string;
    readonly tenants: readonly string[];
    readonly state: string;
    /** Records behind the newest; null until known. */
    readonly lag: number | null;
    readonly partitions: readonly { readonly partition: number; readonly lag: number }[];
  }[];
  /** Detectors that cannot judge some agents, and the field that would cure it. */
  readonly blind: readonly {
    readonly detector: string;
    /** `shadow` where it is for all of them. */
    readonly mode: string;
    readonly field: string;
    readonly cure: string;
    readonly agents: number;
    readonly examples: readonly string[];
  }[];
}

export interface ReadinessBody {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}
