import type { Approval } from '../core/approval.ts';
import type { BreakerKey, BreakerLevel } from '../core/breaker.ts';
import type { ChainClock } from '../core/chain-links.ts';
import type { Feedback, FeedbackCounts } from '../core/feedback.ts';
import type { DetectionFamily, DetectorMode, Finding } from '../core/finding.ts';
import type { AgentGrant } from '../core/grant.ts';
import type { EpochMs } from '../core/time.ts';
import type { BreakerRecord } from './breakers.ts';

/** What one finding adds to the risk of its agent now. */
export interface RiskPart {
  /** Id of the finding. */
  readonly finding: string;
  readonly detector: string;
  readonly family: DetectionFamily;
  /** Its share of the risk; the points of all parts add up to the risk. */
  readonly points: number;
  /** What decay has left of the finding's score, 0 to 100. */
  readonly value: number;
  /** Score when it was found. */
  readonly score: number;
  /** Log times of the first and of the present finding of its group of repeats. */
  readonly since: EpochMs;
  readonly at: EpochMs;
  readonly halfLifeMs: number;
  /** 1 counts in full; less where a stronger part of its detector or chain tells the same. */
  readonly share: number;
}

export interface AgentView {
  readonly tenant: string;
  readonly agent: string;
  readonly posture: 'shadow' | 'enforce';
  readonly risk: number;
  readonly riskParts: readonly RiskPart[];
  /** The parts in one or two sentences. */
  readonly riskExplanation: string;
  /** Highest level of any open breaker of the agent or its sessions. */
  readonly level: number;
  readonly grant: AgentGrant | null;
  readonly firstSeen: EpochMs;
  readonly lastSeen: EpochMs;
  readonly baselineAgeMs: number;
  readonly learning: boolean;
  readonly calls: number;
  readonly coverage: readonly {
    readonly detector: string;
    /** As set for this agent; those that are off are left out. */
    readonly mode: DetectorMode;
    readonly blind: { readonly field: string; readonly cure: string } | null;
  }[];
}

/** What an order on a breaker would touch. */
export interface BreakerPreview {
  readonly key: BreakerKey;
  readonly level: BreakerLevel;
  readonly presentLevel: BreakerLevel;
  readonly epoch: number;
  /** Whether closing it as it stands takes two persons. */
  readonly needsTwoPersons: boolean;
  /** Agents heard of within a day; `LIMITS.previewRows` at most, all of them counted. */
  readonly agents: readonly string[];
  readonly agentsInAll: number;
  /** Of these, held at that level or above by now. */
  readonly heldAlready: number;
  /** Sessions used within the hour. */
  readonly sessions: readonly { readonly agent: string; readonly id: string }[];
  readonly sessionsInAll: number;
  /** Receivers and brokers that would be told. */
  readonly enforcementPoints: readonly string[];
}

export interface TenantView {
  readonly tenant: string;
  /** Since when statistics stop nothing, and why; null in calm. */
  readonly storm: { readonly since: EpochMs; readonly cause: string } | null;
  /** One person may do what takes two elsewhere. */
  readonly singleOperator: boolean;
  readonly posture: 'shadow' | 'enforce';
  readonly agents: number;
  readonly openBreakers: number;
  /** Breakers that some enforcement point is late to acknowledge: `LIMITS.lateOrders` at most. */
  readonly lateBreakers: number;
  readonly wouldHaveTripped: number;
}

export interface BreakerDetail extends BreakerRecord {
  readonly acknowledgedBy: readonly string[];
  readonly awaiting: readonly string[];
  /** Those of `awaiting` that have let the deadline pass. */
  readonly late: readonly string[];
}

/** One detector or rule as it stands in one tenant. */
export interface DetectorView {
  readonly tenant: string;
  readonly id: string;
  readonly title: string;
  readonly family: string;
  readonly source: 'built-in' | 'module' | 'rule';
  readonly mode: string;
  /** Why it is no longer asked, whatever its mode; null while it is. */
  readonly setAside: 'failed' | 'slow' | null;
  /** Agents it is shown as blind for now, and all it has been asked about. */
  readonly blind: number;
  readonly agents: number;
  readonly feedback: FeedbackCounts;
}

/** What policies need of one agent; risk is 0 to 100. */
export interface AgentRisk {
  readonly agent: string;
  readonly risk: number;
  readonly level: number;
}

/** Reads of the live engine for the API; plain values, never live references. */
export interface EngineView {
  readonly term: number;
  readonly ledgerHead: {
    readonly seq: number;
    readonly hash: string;
    /** Decisions in force that the disk has refused until now. */
    readonly unrecorded: number;
  };
  tenants(): readonly TenantView[];
  /** Sorted by level, then risk, highest first. */
  agents(tenants: readonly string[] | '*'): readonly AgentView[];
  agent(tenant: string, agent: string): AgentView | null;
  /** Agents with a risk or an open breaker, in no order; cheap beside `agents`. */
  risks(tenant: string): readonly AgentRisk[];
  detectors(tenants: readonly string[] | '*'): readonly DetectorView[];
  /** The latest word on a finding; null without one, or where it is too long ago. */
  feedback(tenant: string, finding: string): Feedback | null;
  /** What may be called missing in a chain of this tenant by now. */
  chainClock(tenant: string): ChainClock;
  breakers(tenants: readonly string[] | '*', includeClosed: boolean): readonly BreakerDetail[];
  /** One of them, open or closed, by its key on record. */
  breaker(key: BreakerKey): BreakerDetail | null;
  preview(key: BreakerKey, level: BreakerLevel): BreakerPreview;
  /** Orders that wait for a second person by now. */
  approvals(tenants: readonly string[] | '*'): readonly Approval[];
  /** Called for each finding after it is durable. Returns the unsubscribe. */
  onFinding(listener: (finding: Finding) => void): () => void;
  counters(): {
    readonly events: number;
    readonly rejected: number;
    readonly perSecond: number;
    readonly lastEventAt: EpochMs | null;
    readonly delivered: number;
    readonly unacknowledged: number;
    /** Milliseconds from the opening of a breaker to each acknowledgement, newest last, bounded. */
    readonly acknowledgeDelaysMs: readonly number[];
  };
}
