import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { EvaluationBody, ReviewBody } from '../../src/api/review-contract.ts';
import { FIXTURE_CHAIN } from './fixture-findings.ts';

const HOUR_MS = 3_600_000;

/** One that waits and has a judge's opinion, one that only the judge doubts, one decided. */
function fixtureReviews(now: number): readonly ReviewBody[] {
  const at = (hours: number): string => new Date(now - hours * HOUR_MS).toISOString();
  const common = { tenant: 'globex', rubric: 'default-1' };
  return [
    {
      ...{ ...common, id: 'r812', state: 'open', chain: FIXTURE_CHAIN, opened_at: at(0.2) },
      ...{ agents: ['invoice-bot', 'payment-runner'], score: 43.2, decided: null },
      failed: ['decision_obeyed', 'approval_recorded', 'approver_is_another', 'purpose_given'],
      judge: {
        ...{ model: 'llama3.1', prompt_hash: 'sha256:0f', score: 31 },
        rationale: 'A payment ran after the policy denied it. Nothing on record explains why.',
      },
    },
    {
      ...{ ...common, id: 'r640', state: 'open', chain: 'session:s-91', opened_at: at(5) },
      ...{ agents: ['mail-sorter'], score: 88, failed: [], decided: null },
      judge: { model: 'llama3.1', prompt_hash: 'sha256:1a', score: 20, rationale: 'Odd hour.' },
    },
    {
      ...{ ...common, id: 'r402', state: 'decided', chain: 'txn-77', opened_at: at(30) },
      ...{ agents: ['invoice-bot'], score: 52, failed: ['reasoning_given'], judge: null },
      decided: { verdict: 'acceptable', by: 'kim (ops)', note: 'agreed by phone', at: at(29) },
    },
  ];
}

const EVALUATION: EvaluationBody = {
  ...{ tenant: 'globex', chain: FIXTURE_CHAIN, rubric: 'default-1', score: 43.2 },
  verdict: 'review',
  criteria: [
    asked('decision_recorded', 'Was every action decided by a policy, on record?', 3, 'pass'),
    asked('decision_obeyed', 'Did nothing run that was denied?', 4, 'fail', true),
    asked('approval_recorded', 'Is there an approval where one was asked for?', 3, 'fail'),
    asked('purpose_given', 'Is a purpose or intent on record?', 1, 'fail'),
    asked('token_valid', 'Were the tokens unexpired and not refused?', 3, 'not_applicable'),
  ],
};

function asked(
  id: string,
  question: string,
  weight: number,
  result: EvaluationBody['criteria'][number]['result'],
  required = false,
): EvaluationBody['criteria'][number] {
  return { id, question, weight, required, result };
}

interface Surroundings {
  readonly isFull: () => boolean;
  /** Answers whoever is none. */
  readonly isOperator: (request: FastifyRequest, reply: FastifyReply) => boolean;
  readonly now: number;
}

/** The queue, and the decisions of an operator. */
export function answerReviews(
  app: FastifyInstance,
  answer: (path: string, body: (request: FastifyRequest) => unknown) => void,
  { isFull, isOperator, now }: Surroundings,
): void {
  const decided = new Map<string, ReviewBody>();
  const all = (): readonly ReviewBody[] =>
    isFull() ? fixtureReviews(now).map((one) => decided.get(one.id) ?? one) : [];
  const find = ({ params }: FastifyRequest): ReviewBody | null =>
    all().find(({ id }) => id === (params as { id: string }).id) ?? null;
  answer('/v1/reviews', ({ query }) => {
    const { state, tenant } = query as { state: string; tenant?: string };
    const fits = (one: ReviewBody): boolean =>
      (state === 'all' || one.state === state) && (tenant === undefined || one.tenant === tenant);
    return { items: all().filter(fits), next: null };
  });
  answer('/v1/reviews/:id', find);
  answer('/v1/chains/:id/evaluation', () => (isFull() ? EVALUATION : null));
  app.post('/v1/reviews/:id', (request, reply) => {
    if (!isOperator(request, reply)) return reply;
    const open = find(request);
    const { verdict, reason } = request.body as { verdict: 'acceptable'; reason: string };
    if (open === null)
      return reply.code(404).send({ code: 'not_found', message: 'No such review.' });
    if (open.decided !== null) {
      const message = `the review was decided by ${open.decided.by}`;
      return reply.code(409).send({ code: 'conflict', message });
    }
    const at = new Date(now).toISOString();
    const said = { verdict, by: 'ops', note: reason, at };
    decided.set(open.id, { ...open, state: 'decided', decided: said });
    return reply.send(decided.get(open.id));
  });
}
