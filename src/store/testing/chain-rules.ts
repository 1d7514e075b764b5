import { expect, it } from 'vitest';
import { chainIdOf } from '../../core/chain.ts';
import type { Store } from '../../ports/store.ts';
import { batchOf, START_MS, storedEvent, storedFinding, storedLink } from './rows.ts';

const CALL = 'toolu_01A09q90qw90lq917835lq9';

/** How a store finds a chain by what people ask for. */
export function chainRules(store: () => Store): void {
  it('finds a chain by each of its identifiers, in order of time', async () => {
    const joined = storedEvent({
      id: 'evt-late',
      time: START_MS + 50.25,
      session: { id: 's-1' },
      trace: { traceId: 'trace-1', spanId: 'span-1' },
      token: { txn: 'txn-1', jti: 'jti-1' },
      decision: { verdict: 'allow', id: 'd-1' },
    });
    const earlier = storedEvent({ id: 'evt-early', session: { id: 's-1' } });
    await store().project(batchOf(1, [joined, earlier, storedEvent({ id: 'alone' })]));
    for (const id of ['trace-1', 'txn-1', 'jti-1', 'd-1']) {
      expect((await store().chain('*', id, 10)).rows.map(({ event }) => event)).toEqual([joined]);
    }
    expect((await store().chain('*', 's-1', 10)).rows.map(({ event }) => event)).toEqual([
      earlier,
      joined,
    ]);
    expect((await store().chain('*', 's-1', 1)).rows.map(({ event }) => event)).toEqual([earlier]);
    expect((await store().chain('*', 'alone', 10)).rows.map(({ event }) => event.id)).toEqual([
      'alone',
    ]);
  });

  it('follows what was joined, from any of its identifiers', async () => {
    const events = [
      storedEvent({ id: 'span', trace: { traceId: 't-1' } }),
      storedEvent({ id: 'pdp', decision: { verdict: 'allow', id: 'd-1' } }),
      storedEvent({ id: 'token', token: { jti: 'j-1' } }),
      storedEvent({ id: 'call', action: { name: 'x', op: 'read', toolCallId: CALL } }),
      storedEvent({ id: 'other', trace: { traceId: 't-2' } }),
      storedEvent({ id: 'theirs', tenant: { id: 'globex' }, token: { jti: 'j-1' } }),
    ];
    const link = (seq: number, alias: string, chain: string) => ({
      seq,
      tenant: 'acme',
      link: storedLink(alias, chain),
    });
    const call = chainIdOf(storedEvent({ id: 'call' }));
    const chainLinks = [
      link(7, 'decision:d-1', 't-1'),
      link(8, 'jti:j-1', call),
      link(9, call, 'decision:d-1'),
    ];
    await store().project(batchOf(1, events, { chainLinks }));
    await store().project(batchOf(1, events, { chainLinks }));
    for (const id of ['t-1', 'd-1', CALL]) {
      const { rows, links } = await store().chain('*', id, 10);
      expect(rows.map(({ event }) => event.id)).toEqual(['span', 'pdp', 'token', 'call']);
      expect(links.map(({ seq }) => seq)).toEqual([7, 8, 9]);
    }
    const ours = await store().chain(['acme'], 'j-1', 10);
    expect(ours.rows.map(({ event }) => event.id)).toEqual(['span', 'pdp', 'token', 'call']);
    const theirs = await store().chain(['globex'], 'j-1', 10);
    expect(theirs).toMatchObject({ rows: [{ event: { id: 'theirs' } }], links: [] });
    expect((await store().chain('*', 't-2', 10)).rows).toHaveLength(1);
  });

  it('tells apart what has one id by chance, and says what else it may mean', async () => {
    const of = (name: string) => ({
      source: { ...storedEvent().source, name },
      agent: { id: `${name}-bot` },
    });
    const events = [
      storedEvent({ id: '77', ...of('alpha') }),
      storedEvent({ id: '77', ...of('beta') }),
      storedEvent({ id: 's1', ...of('beta') }),
      storedEvent({ id: 'log', session: { id: 's1' } }),
      storedEvent({ id: 'traced', session: { id: 's1' }, trace: { traceId: 't-1' } }),
      storedEvent({
        id: 'theirs',
        tenant: { id: 'globex' },
        decision: { verdict: 'deny', id: 's1' },
      }),
      storedEvent({ id: 'pdp', decision: { verdict: 'allow', id: '9' } }),
      storedEvent({ id: 'token', token: { jti: '9' } }),
      storedEvent({ id: 'forged', token: { txn: 'session:s1' } }),
      storedEvent({ id: (chainIdOf(storedEvent({ id: '77', ...of('alpha') })) ?? '').slice(6) }),
    ];
    const link = { ...storedLink('decision:9', 'x-1'), by: 'decision', key: '9' } as const;
    await store().project(batchOf(1, events, { chainLinks: [{ seq: 11, tenant: 'acme', link }] }));
    const asked = async (id: string) => {
      const { rows, others } = await store().chain(['acme'], id, 10);
      return [rows.map(({ seq }) => seq), others.map(({ chain }) => chain)];
    };
    const [alpha, beta, bot] = events.map(chainIdOf);
    expect(await asked('77')).toEqual([[1], [beta]]);
    expect(await asked(alpha ?? '')).toEqual([[1], []]);
    expect(await asked(beta ?? '')).toEqual([[2], []]);
    expect(await asked('s1')).toEqual([[4, 5], [bot]]);
    expect(await asked('session:s1')).toEqual([[4, 5], ['txn:session:s1']]);
    expect(await asked('txn:session:s1')).toEqual([[9], []]);
    expect(await asked('9')).toEqual([[8], ['decision:9']]);
    expect(await asked('decision:9')).toEqual([[7], []]);
    const both = await store().chain('*', 's1', 10);
    expect(both.rows.map(({ seq }) => seq)).toEqual([4, 5, 6]);
    expect(both.others).toEqual([{ tenant: 'acme', chain: bot }]);
    expect((await store().chain(['acme'], '9', 10)).links).toEqual([]);
    expect((await store().chain(['acme'], 'x-1', 10)).links).toHaveLength(1);
  });

  it('tells of a key that joins no more', async () => {
    const events = ['t-1', 't-2'].map((traceId, n) =>
      storedEvent({ id: `e-${n}`, trace: { traceId, requestId: CALL } }),
    );
    const link = { ...storedLink(CALL, 't-1'), type: 'shared', by: 'request' } as const;
    const chainLinks = [{ seq: 3, tenant: 'acme', link }];
    await store().project(batchOf(1, events, { chainLinks }));
    const { rows, links } = await store().chain('*', 't-1', 10);
    expect(rows).toHaveLength(1);
    expect(links).toEqual(chainLinks);
  });

  it('reads many chains at once as it reads each', async () => {
    const of = (n: number, more: object) => storedEvent({ time: START_MS + n, ...more });
    const events = [
      ...Array.from({ length: 30 }, (_, n) =>
        of(n, { id: `a-${n}`, trace: { traceId: `t-${n}` } }),
      ),
      ...Array.from({ length: 5 }, (_, n) => of(100 + n, { id: `s-${n}`, session: { id: 's' } })),
      of(200, { id: 'd', decision: { verdict: 'allow', id: 'd-1' } }),
      of(201, { id: 'g', tenant: { id: 'globex' }, trace: { traceId: 't-1' } }),
      of(202, { id: 'txn', token: { txn: 'x-1' }, trace: { traceId: 't-2' } }),
    ];
    const chainLinks = [
      { seq: 50, tenant: 'acme', link: storedLink('decision:d-1', 't-0', 'd-1') },
      { seq: 51, tenant: 'acme', link: storedLink('t-4', 't-3') },
    ];
    await store().project(batchOf(1, events, { chainLinks }));
    const locals = [
      ...new Set(events.map((event) => `${event.tenant.id}\n${chainIdOf(event)}`)),
      'acme\nnone',
    ].map((key) => {
      const [tenant = '', chain = ''] = key.split('\n');
      return { tenant, chain };
    });
    for (const limit of [3, 100]) {
      const each = await Promise.all(
        locals.map(({ tenant, chain }) => store().chain([tenant], chain, limit)),
      );
      expect(await store().wholeChains(locals, limit)).toEqual(each);
    }
    expect(await store().wholeChains([], 3)).toEqual([]);
  });

  it('shows a tenant its own rows alone', async () => {
    const shared = { session: { id: 'shared' } };
    const ours = storedEvent({ ...shared, id: 'ours' });
    const theirs = storedEvent({ ...shared, id: 'theirs', tenant: { id: 'globex' } });
    await store().project(
      batchOf(1, [ours, theirs], {
        findings: [
          { seq: 3, finding: storedFinding() },
          { seq: 4, finding: storedFinding({ tenant: 'globex' }) },
        ],
      }),
    );
    const ids = async (tenants: readonly string[] | '*') =>
      (await store().chain(tenants, 'shared', 10)).rows.map(({ event }) => event.id);
    expect(await ids(['acme'])).toEqual(['ours']);
    expect(await ids(['globex'])).toEqual(['theirs']);
    expect(await ids([])).toEqual([]);
    expect(await ids('*')).toEqual(['ours', 'theirs']);
    const page = await store().findings({ tenants: ['globex'], limit: 10 });
    expect(page.rows.map(({ tenant }) => tenant)).toEqual(['globex']);
    expect((await store().findings({ tenants: [], limit: 10 })).rows).toEqual([]);
  });
}
