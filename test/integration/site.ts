import { join } from 'node:path';
import { expect } from 'vitest';
import type { BreakerBody } from '../../src/api/breaker-contract.ts';
import type { AgentBody, FindingBody, PageBody, StatusBody } from '../../src/api/contract.ts';
import {
  call,
  createWorkplace,
  eventually,
  type ServedDaemon,
  serve,
  tripcoil,
  type Workplace,
} from './served-daemon.ts';

export function eventOf(id: string, agent: string, more: object = {}) {
  return {
    id,
    time: Date.now(),
    agent: { id: agent },
    action: { name: 'read_account', op: 'read' },
    outcome: { status: 'success' },
    ...more,
  };
}

export const crossing = (id: string, agent: string) =>
  eventOf(id, agent, { resource: { type: 'crm', id: 'a', tenant: 'globex' } });

/** A daemon's life in one data directory, with the CLI pointed at it. */
export class Site {
  readonly workplace: Workplace;
  daemon: ServedDaemon;

  constructor(workplace: Workplace, daemon: ServedDaemon) {
    this.workplace = workplace;
    this.daemon = daemon;
  }

  static async open(extra = ''): Promise<Site> {
    const workplace = await createWorkplace(extra);
    return new Site(workplace, await serve(workplace));
  }

  get data(): string {
    return join(this.workplace.directory, 'data');
  }

  async start(): Promise<void> {
    this.daemon = await serve(this.workplace);
  }

  async close(): Promise<void> {
    await this.daemon.stop();
    await this.workplace.remove();
  }

  cli(...words: readonly string[]) {
    return tripcoil(...words, '--server', this.daemon.main, '--data-directory', this.data);
  }

  async send(events: readonly object[], path = '/v1/events', token?: string) {
    const name = path === '/v1/history' ? 'local-operator' : 'local-ingest';
    const given = token ?? (await this.daemon.token(name));
    const answer = await call<{ accepted: number }>(this.daemon, given, 'POST', path, events);
    if (answer.status === 200) expect(answer.body.accepted).toBe(events.length);
    return answer.status;
  }

  async order<Body>(path: string, body: object) {
    const operator = await this.daemon.token('local-operator');
    const answer = await call<Body>(this.daemon, operator, 'POST', path, {
      reason: 'test',
      ...body,
    });
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async grant(agents: readonly object[]): Promise<void> {
    const operator = await this.daemon.token('local-operator');
    const { status } = await call(this.daemon, operator, 'PUT', '/v1/grants', { agents });
    expect(status).toBe(200);
  }

  async check(question: object) {
    const broker = await this.daemon.token('local-broker');
    const answer = await call<{ allow: boolean; level: number }>(
      this.daemon,
      broker,
      'POST',
      '/v1/check',
      question,
    );
    expect(answer.status).toBe(200);
    return answer.body;
  }

  async findings(agent: string): Promise<readonly FindingBody[]> {
    await this.projected();
    const path = `/v1/findings?agent=${agent}`;
    return (await call<PageBody<FindingBody>>(this.daemon, null, 'GET', path)).body.items;
  }

  async breakers(): Promise<readonly BreakerBody[]> {
    return (await call<PageBody<BreakerBody>>(this.daemon, null, 'GET', '/v1/breakers')).body.items;
  }

  async agent(agent: string): Promise<AgentBody> {
    return eventually(
      async () =>
        (await call<AgentBody>(this.daemon, null, 'GET', `/v1/agents/default/${agent}`)).body,
      (body) => body.agent === agent,
    );
  }

  async status(): Promise<StatusBody> {
    return (await call<StatusBody>(this.daemon, null, 'GET', '/v1/status')).body;
  }

  async says(words: RegExp): Promise<void> {
    await eventually(
      async () => this.daemon.said.join('\n'),
      (said) => words.test(said),
    );
  }

  async projected(): Promise<void> {
    await eventually(
      () => this.status(),
      ({ store, ledger }) => store.projected_seq === ledger.seq,
    );
  }
}
