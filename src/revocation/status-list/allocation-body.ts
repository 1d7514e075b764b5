import { z } from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { SECOND_MS } from '../../core/time.ts';
import type { AllocatedNames } from './allocations.ts';

const name = z.string().min(1).max(LIMITS.identifierChars);
const item = z
  .strictObject({
    jti: name.optional(),
    session: name.optional(),
    chain: name.optional(),
    /** The acting agent, and every agent that it acts for. */
    agents: z.array(name).max(LIMITS.actorChain).default([]),
    /** As in the token, in seconds; required with `jti`. */
    exp: z.int().positive().optional(),
  })
  .refine(({ jti, session, chain, agents }) => jti ?? session ?? chain ?? agents[0], {
    message: 'names nothing that a breaker could open on',
  })
  .refine(({ jti, exp }) => jti === undefined || exp !== undefined, {
    message: 'needs `exp` beside `jti`: places of tokens are used again',
  });
const body = z.strictObject({
  tenant: name.optional(),
  items: z.array(item).min(1).max(LIMITS.statusListItems),
});

/** What an issuer asks places for. @throws TripcoilError `bad_request` that repeats no value. */
export function parseAllocation(value: unknown): {
  readonly tenant: string | undefined;
  readonly items: readonly { readonly names: AllocatedNames; readonly expires: EpochMs | null }[];
} {
  const parsed = body.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const path = issue?.path.join('.') || 'body';
    const why = issue?.code === 'custom' ? issue.message : 'is not as it should be';
    throw new TripcoilError('bad_request', `\`${path}\` ${why}.`);
  }
  const { tenant, items } = parsed.data;
  return {
    tenant,
    items: items.map(({ jti, session, chain, agents, exp }) => ({
      names: { token: listOf(jti), session: listOf(session), chain: listOf(chain), agent: agents },
      expires: exp === undefined ? null : exp * SECOND_MS,
    })),
  };
}

function listOf(one: string | undefined): readonly string[] {
  return one === undefined ? [] : [one];
}
