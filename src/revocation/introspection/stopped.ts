import { REVOKING_LEVEL } from '../../core/revocation.ts';
import type { BreakerView } from '../../ports/breakers.ts';
import type { SubjectNames } from '../gateway/names.ts';
import type { RevokedEpochs } from '../gateway/revoked-epochs.ts';

/**
 * Whether a token with these names may not be used: a breaker of level 4 or above on any of them or
 * on the tenant, in force there, or a `brk` from before the agent's latest revocation.
 */
export function isStopped(
  { view, revoked }: { readonly view: BreakerView; readonly revoked: RevokedEpochs },
  tenant: string,
  broker: string,
  { agents, sessions, tokens, chains, minted }: SubjectNames,
): boolean {
  const [session] = sessions;
  const within = { tenant, broker, ...(session === undefined ? {} : { session }) };
  const answers = [
    view.check({ tenant, broker }),
    ...agents.map((agent) => view.check({ ...within, agent })),
    ...sessions.map((each) => view.check({ tenant, broker, session: each })),
    ...tokens.map((jti) => view.check({ tenant, broker, jti })),
    ...chains.map((chain) => view.check({ tenant, broker, chain })),
  ];
  const isInForce = answers.some(
    ({ level, posture, class: cause }) =>
      level >= REVOKING_LEVEL && (posture === 'enforce' || cause === 'operator'),
  );
  if (isInForce || minted === null || answers[0]?.posture !== 'enforce') return isInForce;
  return revoked.isBefore(tenant, minted.agent, minted.epoch);
}
