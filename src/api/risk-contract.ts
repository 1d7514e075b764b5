/** One finding's share of an agent's risk now, as the API answers it. */
export interface RiskPartBody {
  readonly finding_id: string;
  readonly detector: string;
  readonly family: string;
  /** Its share of the risk; the points of all parts add up to the risk. */
  readonly points: number;
  /** What decay has left of the finding's score, 0 to 100. */
  readonly value: number;
  /** Score when it was found. */
  readonly score: number;
  readonly since: string;
  readonly at: string;
  readonly half_life_ms: number;
  /** 1 counts in full; less where a stronger part of its detector or chain tells the same. */
  readonly share: number;
}

/** What `GET /v1/agents/{tenant}/{agent}/risk` answers a policy decision point. */
export interface RiskBody {
  readonly tenant: string;
  readonly agent: string;
  readonly state: string;
  /** Highest level of any open breaker of the agent or its sessions. */
  readonly level: number;
  /** 0 to 100. */
  readonly risk: number;
  readonly explanation: string;
  readonly parts: readonly RiskPartBody[];
}
