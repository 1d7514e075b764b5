import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ApprovalBody, BreakerBody, PreviewBody } from '../../src/api/breaker-contract.ts';

/** What the fixture lets an operator do with breakers: trips, orders and approvals it remembers. */
export interface BreakerOrders {
  readonly isFull: () => boolean;
  /** Answers whoever is none. */
  readonly isOperator: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly breakers: () => readonly BreakerBody[];
  readonly now: number;
}

type Answer = (path: string, body: (request: FastifyRequest) => unknown) => void;

/** One asked by somebody else, bound to the breaker as it is. */
export function fixtureApproval(now: number): ApprovalBody {
  return {
    ...{ id: 'a812', key: { tenant: 'globex', kind: 'agent', id: 'invoice-bot' }, epoch: 2 },
    ...{ order: 'reset', minutes: null, reason: 'the month end run was agreed with finance' },
    requested_by: 'kim (ops)',
    requested_at: new Date(now - 60_000).toISOString(),
    expires_at: new Date(now + 14 * 60_000).toISOString(),
  };
}

/** Orders and approvals; every accepted order is kept with its path for the test to look at. */
export function answerBreakerOrders(
  app: FastifyInstance,
  answer: Answer,
  { isFull, isOperator, breakers, now }: BreakerOrders,
): void {
  let pending: readonly ApprovalBody[] = [fixtureApproval(now)];
  const named = (request: FastifyRequest): BreakerBody | null => {
    const { tenant, kind, id } = request.query as Readonly<Record<string, string>>;
    const fits = ({ key }: BreakerBody): boolean =>
      key.tenant === tenant && key.kind === kind && key.id === id;
    return breakers().find(fits) ?? null;
  };
  answer('/v1/breakers/by-key', named);
  answer('/v1/breakers/approvals', () => ({ items: isFull() ? pending : [] }));
  const order = (path: string, reply: (request: FastifyRequest) => unknown): void => {
    app.post(path, (request, answered) => {
      if (!isOperator(request, answered)) return answered;
      return answered.send(reply(request));
    });
  };
  order('/v1/breakers/trip', (request) => {
    const { key, level } = request.body as Pick<PreviewBody, 'key' | 'level'>;
    const { preview } = request.query as { preview?: string };
    return preview === 'true' ? previewOf(key, level) : { accepted: true, breaker: null };
  });
  for (const name of ['reset', 'release', 'exempt', 'break-glass']) {
    order(`/v1/breakers/${name}`, () => ({ accepted: true, breaker: null }));
  }
  order('/v1/breakers/calm', () => ({ tenant: 'initech', calm: true }));
  order('/v1/breakers/approvals', (request) => {
    const { key, order: what, reason, epoch } = request.body as ApprovalBody;
    const asked = { ...fixtureApproval(now), id: 'a900', key, order: what, reason, epoch };
    pending = [...pending, { ...asked, requested_by: 'ops' }];
    return pending.at(-1);
  });
  app.post('/v1/breakers/approvals/:id', (request, reply) => {
    if (!isOperator(request, reply)) return reply;
    const { id } = request.params as { id: string };
    if (id === 'a900') {
      const message = 'whoever asked cannot approve: it takes a second person';
      return reply.code(403).send({ code: 'forbidden', message });
    }
    pending = pending.filter((one) => one.id !== id);
    return reply.send({ accepted: true, breaker: null });
  });
}

function previewOf(key: PreviewBody['key'], level: number): PreviewBody {
  const agents = key.kind === 'tenant' ? ['mail-sorter', 'payroll-checker'] : [key.id];
  return {
    ...{ key, level, present_level: 0, epoch: 3, needs_two_persons: level >= 5 },
    ...{ agents, agents_in_all: key.kind === 'tenant' ? 128 : 1, held_already: 0 },
    sessions: [{ agent: agents[0] ?? '', id: 's-12' }],
    sessions_in_all: 1,
    enforcement_points: ['broker-eu-1', 'broker-eu-2'],
  };
}
