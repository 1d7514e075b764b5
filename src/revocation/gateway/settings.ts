/** How a gateway tells whom a request is from, and what becomes of those that name nobody. */
export interface GatewaySettings {
  /** Names of request headers, lower case. A gateway has to set or remove each of them. */
  readonly headers: {
    readonly tenant: string;
    readonly agent: string;
    readonly session: string;
    readonly jti: string;
    readonly tool: string;
    /** The method of the request that is asked about. */
    readonly method: string;
    /** The agent's own token, where `Authorization` is the gateway's. */
    readonly token: string;
  };
  /**
   * `read` takes the names out of a token that the resource verifies anyway: a forged one can only
   * name more that is stopped, and its session frees no agent that the gateway names. `verify`
   * refuses tokens that no configured issuer vouches for.
   */
  readonly tokens: 'read' | 'verify';
  /** Of an enforcing tenant's request that names no agent, session or token. */
  readonly unidentified: 'deny' | 'allow';
  /** Requests a minute that level 1 lets through at most, by breaker; null: what is usual. */
  readonly throttlePerMinute: number | null;
}
