import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChainBody, ChainSummaryBody, PageBody } from '../../src/api/contract.ts';
import { call, eventually } from './served-daemon.ts';
import { eventOf, Site } from './site.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLED = '0af7651916cd43dd8448eb211c80319c';
const counted = { name: 'read_account', op: 'read', tool_call_id: 'call_1' };

/** What is known before a restart, and what joins it after. */
const BEFORE = [
  eventOf('span', 'planner', { trace: { trace_id: TRACE }, kind: 'agent_run' }),
  eventOf('decision', 'planner', {
    kind: 'authz_decision',
    decision: { verdict: 'allow', id: 'd-1' },
  }),
  eventOf('waiting', 'planner', { session: { id: 's-1' }, action: counted }),
];
const AFTER = [
  eventOf('gateway', 'planner', {
    trace: { trace_id: TRACE },
    decision: { verdict: 'allow', id: 'd-1' },
  }),
  eventOf('call', 'planner', {
    trace: { trace_id: TRACE },
    session: { id: 's-1' },
    action: counted,
    source: { name: 'sdk' },
  }),
  eventOf('called', 'worker', { trace: { trace_id: CALLED, links: [{ trace_id: TRACE }] } }),
];
const IDS = ['call', 'called', 'decision', 'gateway', 'span', 'waiting'];

describe('chains over restarts', () => {
  let site: Site;
  beforeAll(async () => {
    site = await Site.open();
    expect(await site.send(BEFORE)).toBe(200);
    await restart();
    expect(await site.send(AFTER)).toBe(200);
  }, 60_000);
  afterAll(() => site?.close());

  async function restart(): Promise<void> {
    await site.daemon.stop();
    await site.start();
  }

  async function chainOf(id: string): Promise<ChainBody> {
    const operator = await site.daemon.token('local-operator');
    const answer = await eventually(
      () => call<ChainBody>(site.daemon, operator, 'GET', `/v1/chains/${id}`),
      ({ status, body }) => status === 200 && body.steps.length === IDS.length,
    );
    return answer.body;
  }

  it('join what was logged before one, and resolve every alias after another', async () => {
    const whole = await chainOf(TRACE);
    expect(whole.steps.map(({ event_id }) => event_id).sort()).toEqual(IDS);
    expect(whole.merged.map(({ id }) => id).sort()).toEqual([
      CALLED,
      'decision:d-1',
      expect.stringMatching(/^event:[0-9a-f]{16}:waiting$/),
    ]);
    await restart();
    for (const id of [TRACE, CALLED, 'd-1', 'waiting', whole.id]) {
      expect(await chainOf(id)).toMatchObject({ id: whole.id, agents: whole.agents });
    }
  });

  it('stand once in the list, by any agent that took part', async () => {
    await chainOf(TRACE);
    const operator = await site.daemon.token('local-operator');
    const list = async (query: string) => {
      const path = `/v1/chains${query}`;
      const { body } = await call<PageBody<ChainSummaryBody>>(site.daemon, operator, 'GET', path);
      return body.items.map(({ id, steps }) => `${id} ${steps}`);
    };
    expect(await list('')).toEqual([`${TRACE} ${IDS.length}`]);
    expect(await list('?agent=worker')).toEqual([`${TRACE} ${IDS.length}`]);
    expect(await list('?agent=nobody')).toEqual([]);
    expect(await list('?gap=token_missing')).toEqual([]);
    const { stdout } = await site.cli('chains', 'list', '-o', 'jsonl');
    expect(stdout).toContain(`"id":"${TRACE}"`);
  });
});
