import type { BreakerState, RevokedBefore } from './messages.ts';

/** The `brk` claim of a decision token: the epoch of its agent's breaker when it was issued. */
export interface BreakerClaim {
  readonly e: number;
  readonly t?: number;
}

const AGENTS_KEPT = 100_000;
const REVOKING_AGENT_LEVEL = 5;

/** Which tokens level 5 has revoked. Closing the breaker lets the agent back, not its tokens. */
export function createRevokedTokens() {
  const epochs = new Map<string, number>();
  const add = ({ agent, epoch }: RevokedBefore): void => {
    if (epoch <= (epochs.get(agent) ?? 0)) return;
    epochs.delete(agent);
    epochs.set(agent, epoch);
    if (epochs.size > AGENTS_KEPT) epochs.delete(epochs.keys().next().value ?? '');
  };
  return {
    add,
    note: ({ key, level, epoch, revokeBeforeEpoch }: BreakerState): void => {
      if (key.kind !== 'agent') return;
      if (revokeBeforeEpoch !== undefined) add({ agent: key.id, epoch: revokeBeforeEpoch });
      else if (level >= REVOKING_AGENT_LEVEL) add({ agent: key.id, epoch });
    },
    has: (agent: string, { e }: BreakerClaim): boolean => e < (epochs.get(agent) ?? 0),
    clear: (): void => epochs.clear(),
    list: (): readonly RevokedBefore[] => [...epochs].map(([agent, epoch]) => ({ agent, epoch })),
  };
}
