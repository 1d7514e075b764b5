import { describe, expect, it } from 'vitest';
import useAfterRevoke from '../../detectors/use-after-revoke.ts';
import type { AccessEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import type { Effect } from '../core/entry.ts';
import type { AgentGrant } from '../core/grant.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { stateOf } from './breaker/board.ts';
import { Shard } from './shard.ts';
import { EntryWriter, START } from './testing/entries.ts';

const GRANT: AgentGrant = {
  ...{ tenant: 'acme', agent: 'bot', scopes: ['read', 'send'], owners: { technical: 'kim' } },
  tenants: ['acme', 'globex'],
  validUntil: START + 2 * HOUR_MS,
};
const KEY = { tenant: 'acme', kind: 'session', id: 's-1' } as const;
const TOKEN = { tenant: 'acme', kind: 'token', id: 't-1' } as const;

function start() {
  const detectors = [{ ...useAfterRevoke, defaultMode: 'enforce' } as const];
  const shard = new Shard({ registry: { detectors }, initialPosture: 'enforce' });
  const write = new EntryWriter();
  shard.apply([write.term(1), write.grant('acme', [GRANT])]);
  let count = 0;
  const use = (minute: number, more: Partial<AccessEvent> = {}) => {
    count += 1;
    const time = START + minute * MINUTE_MS;
    const session = { id: 's-1' };
    return shard.apply([write.input({ id: `e${count}`, time, session, ...more }, time)]);
  };
  /** A broker says that it applies the first breaker of the key. */
  const acknowledge = (key: BreakerKey, minute: number) => {
    const at = { seq: 900, loggedAt: START + minute * MINUTE_MS, tenant: 'acme' };
    const body = { receiver: 'broker', jti: 'x', key, term: 1, epoch: 1 };
    shard.apply([{ ...at, kind: 'ack', engineVersion: 1, body }]);
  };
  return { shard, write, use, acknowledge };
}

const detectorsOf = (effects: readonly Effect[]) =>
  effects.map(({ decision }) => 'detector' in decision && decision.detector);

describe('what was given for a task', () => {
  it('stays taken back for as long as a token may live', () => {
    const { shard, write, use } = start();
    use(0);
    use(1, { kind: 'task_end', token: { jti: 't-1' } });
    const phaseOf = () => stateOf(shard.tenant('acme').board, TOKEN).phase;
    shard.apply([write.tick(START + 23 * HOUR_MS)]);
    expect(phaseOf()).toBe('open');
    shard.apply([write.tick(START + 24 * HOUR_MS + 2 * MINUTE_MS)]);
    expect(phaseOf()).toBe('closed');
  });

  it('is taken back when the task ends, and its later use trips', () => {
    const { shard, use, acknowledge } = start();
    use(0);
    const [ended, revocation] = use(1, { kind: 'task_end', token: { jti: 't-1' } });
    expect(ended?.decision).toMatchObject({
      ...{ key: KEY, to: 'open', level: 4, class: 'lifecycle', reason: 'task_ended' },
    });
    expect(revocation).toMatchObject({ kind: 'revocation', decision: { key: KEY } });
    acknowledge(KEY, 1);
    expect(detectorsOf(use(3))).toContain('use_after_revoke');
    const { board } = shard.tenant('acme');
    expect(board.index.highest({ tenant: 'acme', agent: 'other' })).toBeNull();
    expect(shard.tenant('acme').board.automatic.statistical.size).toBe(0);
  });

  it.each([
    ['scope_changed', [{ ...GRANT, scopes: ['read'] }]],
    ['scope_changed', [{ ...GRANT, tenants: ['acme'] }]],
    ['policy_retired', []],
    ['owner_removed', [{ ...GRANT, owners: {} }]],
    ['grant_expired', [{ ...GRANT, validUntil: START }]],
  ] as const)('is taken back: %s, and what goes on with it trips', (reason, grants) => {
    const { shard, write, use, acknowledge } = start();
    use(0, { token: { jti: 't-1' } });
    const effects = shard.apply([write.grant('acme', grants, START + MINUTE_MS)]);
    const taken = effects.flatMap(({ kind, decision }) => (kind === 'transition' ? decision : []));
    expect(taken).toMatchObject([
      { key: KEY, level: 4, reason, class: 'lifecycle' },
      { key: TOKEN, level: 4, reason, class: 'lifecycle' },
    ]);
    expect(effects.filter(({ kind }) => kind === 'revocation')).toHaveLength(2);
    acknowledge(TOKEN, 1);
    expect(detectorsOf(use(3, { session: { id: 's-2' }, token: { jti: 't-1' } }))).toContain(
      'use_after_revoke',
    );
  });

  it('is taken back by a date in the past, whatever has ended since', () => {
    const { shard, write, use } = start();
    const other = { ...GRANT, agent: 'other', validUntil: START + MINUTE_MS };
    shard.apply([write.grant('acme', [GRANT, other])]);
    shard.apply([write.tick(START + 2 * MINUTE_MS)]);
    use(3);
    const ended = [{ ...GRANT, validUntil: START }];
    const [taken] = shard.apply([write.grant('acme', ended, START + 4 * MINUTE_MS)]);
    expect(taken?.decision).toMatchObject({ key: KEY, reason: 'grant_expired' });
  });

  it('is taken back when the grant expires, and kept where it only says more', () => {
    const { shard, write, use } = start();
    use(90);
    const more = [{ ...GRANT, scopes: ['read', 'send', 'list'], tenants: ['globex', 'initech'] }];
    expect(shard.apply([write.grant('acme', more, START + 91 * MINUTE_MS)])).toEqual([]);
    expect(shard.nextTimerAt()).toBe(START + 2 * HOUR_MS);
    const [expired] = shard.apply([write.tick(START + 2 * HOUR_MS)]);
    expect(expired?.decision).toMatchObject({ key: KEY, reason: 'grant_expired' });
  });

  it('stays on the agent’s own word, and in shadow', () => {
    const { shard, write, use } = start();
    const source = { format: 'native', deliveredBy: 'a', trust: 'agent' } as const;
    expect(use(0, { kind: 'task_end', source })).toEqual([]);
    shard.apply([write.command('acme', { type: 'shadow', actor: 'kim', reason: 'x' })]);
    expect(use(1, { kind: 'task_end' })).toEqual([]);
  });
});
