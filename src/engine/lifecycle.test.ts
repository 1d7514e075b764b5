import { describe, expect, it } from 'vitest';
import useAfterRevoke from '../../detectors/use-after-revoke.ts';
import type { AccessEvent } from '../core/access-event.ts';
import type { AgentGrant } from '../core/grant.ts';
import { HOUR_MS, MINUTE_MS } from '../core/time.ts';
import { Shard } from './shard.ts';
import { EntryWriter, START } from './testing/entries.ts';

const GRANT: AgentGrant = {
  ...{ tenant: 'acme', agent: 'bot', scopes: ['read', 'send'], owners: { technical: 'kim' } },
  validUntil: START + 2 * HOUR_MS,
};
const KEY = { tenant: 'acme', kind: 'session', id: 's-1' } as const;

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
  return { shard, write, use };
}

describe('what was given for a task', () => {
  it('is taken back when the task ends, and its later use trips', () => {
    const { shard, use } = start();
    use(0);
    const [ended, revocation] = use(1, { kind: 'task_end', token: { jti: 't-1' } });
    expect(ended?.decision).toMatchObject({
      ...{ key: KEY, to: 'open', level: 4, class: 'lifecycle', reason: 'task_ended' },
    });
    expect(revocation).toMatchObject({ kind: 'revocation', decision: { key: KEY } });
    const ack = { receiver: 'broker', jti: 'x', key: KEY, term: 1, epoch: 1 };
    const at = { seq: 900, loggedAt: START + MINUTE_MS, kind: 'ack', tenant: 'acme' } as const;
    shard.apply([{ ...at, engineVersion: 1, body: ack }]);
    expect(use(3).map(({ decision }) => 'detector' in decision && decision.detector)).toContain(
      'use_after_revoke',
    );
    const { board } = shard.tenant('acme');
    expect(board.index.highest({ tenant: 'acme', agent: 'other' })).toBeNull();
    expect(shard.tenant('acme').board.automatic.statistical.size).toBe(0);
  });

  it.each([
    ['scope_changed', [{ ...GRANT, scopes: ['read'] }]],
    ['policy_retired', []],
    ['owner_removed', [{ ...GRANT, owners: {} }]],
  ] as const)('is taken back: %s', (reason, grants) => {
    const { shard, write, use } = start();
    use(0);
    const effects = shard.apply([write.grant('acme', grants, START + MINUTE_MS)]);
    expect(effects[0]?.decision).toMatchObject({ key: KEY, level: 4, reason });
  });

  it('is taken back when the grant expires, and kept where it only says more', () => {
    const { shard, write, use } = start();
    use(90);
    const more = [{ ...GRANT, scopes: ['read', 'send', 'list'] }];
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
