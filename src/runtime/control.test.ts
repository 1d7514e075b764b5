import { describe, expect, it } from 'vitest';
import { REGISTRY } from '../components.ts';
import type { ReceivedEvent } from '../core/access-event.ts';
import type { BreakerKey } from '../core/breaker.ts';
import { type Command, SYSTEM_TENANT } from '../core/entry.ts';
import { LIMITS } from '../core/limits.ts';
import { Shard, type ShardOptions } from '../engine/shard.ts';
import { START } from '../engine/testing/entries.ts';
import { SILENT_METRICS } from '../ports/metrics.ts';
import { createBreakerView } from './breaker-view.ts';
import { createControl } from './control.ts';
import { FeedReaders } from './feed-readers.ts';
import { Partition } from './partition.ts';
import { FakeClock } from './testing/fake-clock.ts';
import {
  BOT,
  BROKER,
  GRANT,
  GRANTS,
  OBEDIENT_SHARD,
  RecordingLog,
  receivedOf,
  SECRET_REDACTOR,
  tripInput,
} from './testing/fixtures.ts';
import { MemoryLedger } from './testing/memory-ledger.ts';

const KIM = { actor: 'kim', reason: 'looks wrong' } as const;

const BOT2 = { ...BOT, id: 'bot-2' } as const;

function start(options: ShardOptions = OBEDIENT_SHARD) {
  const ledger = new MemoryLedger();
  const clock = new FakeClock(START);
  const shard = new Shard(options);
  const log = new RecordingLog();
  const partition = new Partition({ shard, ledger, clock, log, metrics: SILENT_METRICS });
  const view = createBreakerView(partition, SECRET_REDACTOR, new FeedReaders(clock));
  const control = createControl({ partition, redactor: SECRET_REDACTOR, view, clock });
  const check = (agent = 'bot') => view.check({ tenant: 'acme', agent });
  return { ledger, clock, shard, partition, view, control, check };
}

const trip = (key: BreakerKey = BOT, level: 1 | 4 | 5 = 4): Command => ({
  type: 'trip',
  ...KIM,
  key,
  level,
});
const reset = (epoch: number, key: BreakerKey = BOT): Command => ({
  type: 'reset',
  ...KIM,
  key,
  epoch,
});

describe('commands', () => {
  it('are in the ledger, redacted, before they take effect', async () => {
    const { ledger, control, check } = start();
    await control.command('acme', { ...trip(), reason: 'a secret' } as Command);
    expect(ledger.entries[0]).toMatchObject({ kind: 'command', tenant: 'acme' });
    expect(ledger.entries[0]?.body).toContain('a [x]');
    expect(check()).toMatchObject({ allow: false, level: 4, class: 'operator', epoch: 1 });
  });

  it('about histories are refused where they would change nothing, and say why', async () => {
    const { ledger, partition, control } = start();
    const merge = (agent: string, from: string): Command => ({
      ...{ type: 'baseline_merge', ...KIM, agent, from, joining: 'in_turn' },
    });
    await expect(
      control.command('acme', { type: 'baseline_reset', ...KIM, agent: 'bot' }),
    ).rejects.toMatchObject({ code: 'not_found' });
    await partition.decide([tripInput('e1', 4), tripInput('e2', 4, 'bot-2')]);
    const before = ledger.entries.length;
    await expect(control.command('acme', merge('bot', 'bot'))).rejects.toMatchObject({
      code: 'bad_request',
    });
    await expect(control.command('acme', merge('bot', 'bot-2'))).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(ledger.entries).toHaveLength(before);
    await control.command('acme', { type: 'baseline_reset', ...KIM, agent: 'bot' });
    expect(ledger.entries.at(-1)?.body).toContain('baseline_reset');
  });

  it('reach a breaker that was opened under the plain id, before it was a token', async () => {
    const { partition, control, check, view } = start();
    const key = { ...BOT, id: 'secret-bot' };
    await partition.decide([{ kind: 'command', tenant: 'acme', body: trip(key) }]);
    expect(check('secret-bot')).toMatchObject({ allow: false, key });
    expect(control.recordedKey(key)).toEqual(key);
    await control.acknowledge({ receiver: 'b', key, term: view.term, epoch: 1 });
    expect(await control.command('acme', reset(1, key))).toEqual(key);
    expect(check('secret-bot').allow).toBe(true);
    expect(control.recordedKey(key).id).toBe('[x]-bot');
    expect((await control.command('acme', trip(key)))?.id).toBe('[x]-bot');
    expect(check('secret-bot')).toMatchObject({ allow: false, key: { id: '[x]-bot' } });
  });

  it('without effect on a disk that refuses', async () => {
    const { ledger, control, check } = start();
    ledger.refuses = () => true;
    await expect(control.command('acme', trip())).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(check().allow).toBe(true);
  });

  it('close what was seen', async () => {
    const { control, check } = start();
    await control.command('acme', trip());
    await control.command('acme', reset(1));
    expect(check()).toMatchObject({ allow: true, level: 0 });
  });

  it('do not close what nobody saw: unknown, closed, or moved on', async () => {
    const { control, check } = start();
    await expect(control.command('acme', reset(1))).rejects.toMatchObject({ code: 'not_found' });
    await control.command('acme', trip());
    await control.command('acme', trip(BOT, 5));
    await expect(control.command('acme', reset(1))).rejects.toMatchObject({ code: 'conflict' });
    expect(check().level).toBe(5);
    await expect(control.command('acme', reset(2))).rejects.toMatchObject({
      code: 'approval_required',
    });
    await control.command('acme', trip(BOT2));
    await control.command('acme', reset(1, BOT2));
    await expect(control.command('acme', reset(1, BOT2))).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('let two persons close what takes two, by steps, while it is as they saw it', async () => {
    const { control, shard, clock, check } = start();
    await control.command('acme', trip(BOT, 5));
    const asked = {
      order: 'reset',
      key: BOT,
      epoch: 1,
      forMs: 0,
      credential: 'kim-token',
    } as const;
    await control.command('acme', { type: 'approval_request', ...KIM, ...asked });
    const [approval] = [...shard.tenant('acme').approvals.values()];
    expect(approval).toMatchObject({ order: 'reset', epoch: 1, requestedBy: 'kim' });
    const say = (credential: string, verdict: 'approve' | 'deny' = 'approve') =>
      control.command('acme', {
        ...{ type: 'approval_decide', actor: 'lee', reason: 'looked', credential, verdict },
        approval: approval?.id ?? '',
      });
    await expect(say('kim-token')).rejects.toMatchObject({ code: 'forbidden' });
    expect(check().level).toBe(5);
    await say('lee-token');
    expect(check()).toMatchObject({ level: 3, allow: true });
    expect(shard.tenant('acme').board.ring.at(-1)).toMatchObject({
      ...{ from: 'isolated', to: 'probation', actor: 'kim', approvedBy: 'lee' },
    });
    await expect(say('lee-token')).rejects.toMatchObject({ code: 'not_found' });
    await control.command('acme', trip(BOT, 5));
    await control.command('acme', { type: 'approval_request', ...KIM, ...asked, epoch: 3 });
    const [late] = [...shard.tenant('acme').approvals.keys()];
    await clock.advance(15 * 60_000);
    const decide = { type: 'approval_decide', ...KIM, credential: 'lee-token' } as const;
    await expect(
      control.command('acme', { ...decide, approval: late ?? '', verdict: 'approve' }),
    ).rejects.toMatchObject({ code: 'not_found' });
    expect(check().level).toBe(5);
  });

  it('do not close what moves on while they wait for the disk', async () => {
    const { control, ledger, check } = start();
    await control.command('acme', trip());
    const release = ledger.hold();
    const raise = control.command('acme', trip(BOT, 5));
    const close = control.command('acme', reset(1));
    const refused = expect(close).rejects.toMatchObject({ code: 'conflict' });
    release();
    await Promise.all([raise, refused]);
    expect(check()).toMatchObject({ level: 5, epoch: 2 });
  });

  it('take over from an automatic opening, and hold', async () => {
    const { control, partition, shard, check } = start();
    await control.replaceGrants('acme', GRANTS);
    await partition.decide([tripInput('a', 4)]);
    await control.command('acme', trip(BOT, 1));
    expect(check()).toMatchObject({ level: 4, class: 'operator', epoch: 2 });
    await partition.decide([tripInput('b', 5)]);
    expect(check()).toMatchObject({ level: 5, class: 'operator', epoch: 3 });
    expect(shard.nextTimerAt()).toBeNull();
  });

  it('refuse a global stop, which feeds would not deliver, and lift one that holds', async () => {
    const { control, partition, ledger, view, check } = start();
    const global = { tenant: 'acme', kind: 'global', id: 'all' } as const;
    const stop = { ...trip(global), level: 7 } as Command;
    await expect(control.command('acme', stop)).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('no global stop'),
    });
    expect(ledger.entries).toEqual([]);
    const key = { tenant: '_system', kind: 'global', id: 'global' } as const;
    const body = { ...stop, key } as Command;
    await partition.decide([{ kind: 'command', tenant: '_system', body }]);
    expect(check('anybody')).toMatchObject({ allow: false, level: 7 });
    expect(view.check({ tenant: 'globex' }).level).toBe(7);
    const alone = { detectors: {}, breakers: { singleOperator: true } };
    await partition.decide([{ kind: 'config', tenant: '_system', body: alone }]);
    await control.command('globex', reset(1, { ...global, tenant: 'globex' }));
    expect(check().level).toBe(3);
  });

  it('promote a tenant and take it back', async () => {
    const { control, view } = start({ ...OBEDIENT_SHARD, initialPosture: 'shadow' });
    expect(view.snapshot('acme').posture).toBe('shadow');
    await control.command('acme', { type: 'enforce', ...KIM });
    expect(view.snapshot('acme').posture).toBe('enforce');
    await control.command('acme', { type: 'shadow', ...KIM });
    expect(view.snapshot('acme').posture).toBe('shadow');
  });
});

describe('grants', () => {
  it('pass the redactor that events pass', async () => {
    const { ledger, control, shard } = start();
    await control.replaceGrants('acme', {
      agents: [{ ...GRANT, agent: 'secret-bot', resources: ['mailbox:secret'], tools: ['read_*'] }],
      principals: [{ match: 'secret', resources: ['crm:secret/*'] }],
      resources: [{ match: 'crm:secret/*', tenant: 'globex' }],
      actions: [{ match: 'send_*' }],
    });
    expect(ledger.entries[0]?.body).not.toContain('secret');
    expect(shard.tenant('acme').grants).toEqual({
      agents: [{ ...GRANT, agent: '[x]-bot', resources: ['mailbox:[x]'], tools: ['read_*'] }],
      principals: [{ match: '[x]', resources: ['crm:[x]/*'] }],
      resources: [{ match: 'crm:[x]/*', tenant: 'globex' }],
      actions: [{ match: 'send_*' }],
    });
  });
});

describe('acknowledgements', () => {
  const of = (epoch: number, term = 0) => ({ receiver: 'mesh', key: BOT, term, epoch });

  it('count for the present term and epoch, once', async () => {
    const { control, ledger, shard } = start();
    await control.command('acme', trip());
    const before = ledger.entries.length;
    for (const stale of [of(0), of(2), of(1, 7), { ...of(1), key: { ...BOT, id: 'other' } }]) {
      await control.acknowledge(stale);
    }
    expect(ledger.entries).toHaveLength(before);
    await control.acknowledge(of(1));
    await control.acknowledge(of(1));
    expect(ledger.entries).toHaveLength(before + 1);
    const [entry] = shard.tenant('acme').board.entries.values();
    expect(entry?.acknowledgedBy).toEqual(['mesh']);
  });
});

describe('an acknowledgement from before a restart', () => {
  it('counts, for its epoch still stands', async () => {
    const { control, shard, partition } = start();
    await control.command('acme', trip());
    await partition.decide([
      {
        kind: 'config',
        tenant: SYSTEM_TENANT,
        body: { type: 'term', term: 5, software: 'test' },
      },
    ]);
    expect(shard.term).toBe(5);
    await control.acknowledge({ receiver: 'mesh', key: BOT, term: 0, epoch: 1 });
    await control.acknowledge({ receiver: 'mesh', key: BOT, term: 6, epoch: 1 });
    const [entry] = shard.tenant('acme').board.entries.values();
    expect(entry?.acknowledgedBy).toEqual(['mesh']);
  });
});

describe('a proposal', () => {
  const granted = { ...GRANTS, agents: [{ ...GRANT, tools: ['read_*'] }] };
  const scoped = (initialPosture: 'shadow' | 'enforce') =>
    start({ registry: REGISTRY, initialPosture });
  const proposal = (id: string, name: string, more: Partial<ReceivedEvent> = {}) =>
    receivedOf({
      id,
      phase: 'proposed',
      action: { name, op: 'write' },
      outcome: { status: 'unknown' },
      ...more,
    });

  it('within its grant is allowed, and logged before the answer', async () => {
    const { control, ledger } = scoped('enforce');
    await control.replaceGrants('acme', granted);
    const answer = await control.propose(BROKER, proposal('p', 'read_mail'));
    expect(answer).toMatchObject({ allow: true, level: 0, reason: 'closed' });
    expect(ledger.entries.at(-1)?.kind).toBe('input');
  });

  it('outside it is refused, each time it is asked, also with the same id', async () => {
    const { control, check } = scoped('enforce');
    await control.replaceGrants('acme', granted);
    for (const id of ['p', 'p', 'q', 'r']) {
      const answer = await control.propose(BROKER, proposal(id, 'send_money'));
      expect(answer).toMatchObject({ allow: false, level: 3, reason: 'out_of_scope_access' });
    }
    expect(check().level).toBe(0);
    const allowed = await control.propose(BROKER, proposal('s', 'read_mail'));
    expect(allowed.allow).toBe(true);
  });

  it('outside it is refused however often it was asked in an hour', async () => {
    const { control } = scoped('enforce');
    await control.replaceGrants('acme', granted);
    for (let asked = 0; asked < LIMITS.findingsPerAgentHour + 5; asked += 1) {
      const answer = await control.propose(BROKER, proposal(`p-${asked}`, 'send_money'));
      expect(answer).toMatchObject({ allow: false, reason: 'out_of_scope_access' });
    }
  });

  it('does not keep the act itself from being judged', async () => {
    const { control, partition, check } = scoped('enforce');
    await control.replaceGrants('acme', granted);
    await control.propose(BROKER, proposal('p', 'send_money'));
    const { source: _source, ...done } = proposal('p', 'send_money', {
      phase: 'executed',
      outcome: { status: 'success' },
    });
    const source = { format: 'native', deliveredBy: 'broker', trust: 'broker' } as const;
    const body = SECRET_REDACTOR.redact({ ...done, source, tenant: { id: 'acme' } });
    const effects = await partition.decide([{ kind: 'input', tenant: 'acme', body }]);
    expect(effects.map(({ kind }) => kind)).toEqual(['finding', 'transition', 'revocation']);
    expect(check().level).toBe(4);
  });

  it('is allowed in shadow, whatever is found', async () => {
    const { control } = scoped('shadow');
    await control.replaceGrants('acme', granted);
    const answer = await control.propose(BROKER, proposal('p', 'send_money'));
    expect(answer).toMatchObject({ allow: true, level: 0, posture: 'shadow' });
  });

  it.each([
    ['its agent', BOT, {}],
    ['its session', { ...BOT, kind: 'session', id: 's-1' }, { session: { id: 's-1' } }],
    ['its token', { ...BOT, kind: 'token', id: 'j-1' }, { token: { jti: 'j-1' } }],
    ['its chain', { ...BOT, kind: 'chain', id: 'x-1' }, { token: { txn: 'x-1' } }],
    [
      'its trace',
      { ...BOT, kind: 'chain', id: 't-1' },
      { token: { txn: 'x-1' }, trace: { traceId: 't-1' } },
    ],
    ['its tool', { ...BOT, kind: 'tool', id: 'bot/read_mail' }, {}],
  ] as const)('is refused while %s is held', async (_what, key, more) => {
    const { control } = scoped('enforce');
    await control.command('acme', trip(key));
    const answer = await control.propose(BROKER, proposal('p', 'read_mail', more));
    expect(answer).toMatchObject({ allow: false, level: 4, key });
  });

  it('of another tenant or another time is no question', async () => {
    const { control, ledger } = scoped('enforce');
    const both = { ...BROKER, tenants: ['acme', 'globex'] };
    await expect(
      control.propose(both, proposal('p', 'read_mail', { tenantClaimed: 'initech' })),
    ).rejects.toMatchObject({ code: 'forbidden' });
    const late = { time: START + LIMITS.futureSkewMs + 1 };
    await expect(control.propose(BROKER, proposal('p', 'read_mail', late))).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('time'),
    });
    expect(ledger.entries).toHaveLength(0);
  });
});
