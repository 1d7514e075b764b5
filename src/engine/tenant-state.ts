import type { TenantConfig } from '../core/entry.ts';
import type { AgentGrant, GrantSet } from '../core/grant.ts';
import type { EpochMs } from '../core/time.ts';
import { type BaselineState, createBaselineState } from './baseline/baseline.ts';
import { type BoardState, createBoard } from './breaker/board.ts';
import type { NotJudged } from './detect/detector.ts';
import { createRemembered, type Remembered } from './idempotency.ts';
import type { RiskState } from './risk.ts';
import { createSources, type SourcesState } from './source/sources.ts';

/** A finding still open for its deduplication key: repeats within `until` are not told again. */
export interface OpenFinding {
  readonly until: EpochMs;
  readonly score: number;
  readonly level: number;
}

/** Everything the engine knows of one agent. Plain and bounded; one snapshot chunk. */
export interface AgentState {
  readonly firstSeen: EpochMs;
  lastSeen: EpochMs;
  calls: number;
  baseline: BaselineState;
  /** State of each detector, by its id. */
  readonly detectors: Record<string, unknown>;
  readonly risk: RiskState;
  /** Latest judgement per detector: null judged, else the field it lacked. */
  readonly coverage: Record<string, NotJudged | null>;
  readonly openFindings: Map<string, OpenFinding>;
  /** Log time until which the baseline learns nothing, because the agent looks anomalous. */
  quarantinedUntil: EpochMs;
  /** Resolved grant; undefined until first needed and after the grants change. */
  grant: AgentGrant | null | undefined;
}

/** Everything of one tenant. Nothing here is ever read for another tenant (invariant 10). */
export interface TenantState {
  readonly tenant: string;
  posture: 'shadow' | 'enforce';
  config: TenantConfig;
  grants: GrantSet;
  readonly agents: Map<string, AgentState>;
  readonly board: BoardState;
  readonly eventIds: Remembered;
  readonly actions: Remembered;
  readonly sources: SourcesState;
  /** Findings that enforcement would have acted on, while in shadow. */
  wouldHaveTripped: number;
}

export function createTenant(
  tenant: string,
  posture: 'shadow' | 'enforce',
  given: Pick<TenantState, 'config' | 'grants'>,
): TenantState {
  return {
    tenant,
    posture,
    ...given,
    agents: new Map(),
    board: createBoard(),
    eventIds: createRemembered(),
    actions: createRemembered(),
    sources: createSources(),
    wouldHaveTripped: 0,
  };
}

export function createAgent(firstSeen: EpochMs): AgentState {
  return {
    firstSeen,
    lastSeen: firstSeen,
    calls: 0,
    baseline: createBaselineState(),
    detectors: {},
    risk: {},
    coverage: {},
    openFindings: new Map(),
    quarantinedUntil: 0,
    grant: undefined,
  };
}
