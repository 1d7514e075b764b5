import { LIMITS } from '../../core/limits.ts';
import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { BreakerView } from '../../ports/breakers.ts';

/**
 * The epoch of each agent's latest revocation (level 4 and above): a token minted before it is dead
 * even after the breaker closed, since restoring means a new session. Of what was before the start
 * of the process it knows what snapshots tell; the `LIMITS.revokedEpochs` latest.
 * Listens for as long as the process runs.
 */
export class RevokedEpochs {
  readonly #epochs = new Map<string, number>();
  readonly #tenants = new Set<string>();
  readonly #view: BreakerView;

  constructor(view: BreakerView) {
    this.#view = view;
    view.subscribe(({ transition: { key, level, epoch } }) => {
      if (key.kind === 'agent' && level >= REVOKING_LEVEL) this.#set(key.tenant, key.id, epoch);
    });
  }

  /** Whether a token that was minted at `epoch` of the agent is from before its revocation. */
  isBefore(tenant: string, agent: string, epoch: number): boolean {
    if (!this.#tenants.has(tenant)) this.#learn(tenant);
    return epoch < (this.#epochs.get(nameIn(tenant, agent)) ?? 0);
  }

  #learn(tenant: string): void {
    if (this.#tenants.size >= LIMITS.tenants) this.#tenants.clear();
    this.#tenants.add(tenant);
    const { breakers, revokedBefore = [] } = this.#view.snapshot(tenant);
    for (const { agent, epoch } of revokedBefore) this.#set(tenant, agent, epoch);
    for (const { key, state } of breakers) {
      const isRevoked = state.phase !== 'closed' && state.level >= REVOKING_LEVEL;
      if (key.kind === 'agent' && isRevoked) this.#set(tenant, key.id, state.epoch);
    }
  }

  #set(tenant: string, agent: string, epoch: number): void {
    const name = nameIn(tenant, agent);
    const known = this.#epochs.get(name) ?? 0;
    this.#epochs.delete(name);
    const [oldest] = this.#epochs.size >= LIMITS.revokedEpochs ? this.#epochs.keys() : [];
    if (oldest !== undefined) this.#epochs.delete(oldest);
    this.#epochs.set(name, Math.max(known, epoch));
  }
}

function nameIn(tenant: string, agent: string): string {
  return `${tenant}\0${agent}`;
}
