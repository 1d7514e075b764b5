import * as z from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import { FEEDBACK_VERDICTS } from '../../core/feedback.ts';
import type { Finding } from '../../core/finding.ts';
import { DAY_MS } from '../../core/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Control } from '../../ports/control.ts';
import type { Principal } from '../../ports/ingest.ts';
import type { Store } from '../../ports/store.ts';
import { OPERATORS, requireTenant, visibleTenants } from '../auth.ts';
import { timeText } from '../bodies.ts';
import type { ExceptionBody } from '../detector-contract.ts';
import { FEEDBACK_ANSWER } from '../detector-schemas.ts';
import { IDENTIFIER, ORDER_WORDS } from '../parameters.ts';
import { RequestProblem } from '../problem.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

interface Dependencies {
  readonly store: Store;
  readonly control: Control;
  readonly clock: Clock;
}

const BODY = z.strictObject({
  verdict: z.enum(FEEDBACK_VERDICTS),
  ...ORDER_WORDS,
  tenant: IDENTIFIER.optional().describe('Of `missed`: where the event happened.'),
  detector: IDENTIFIER.optional().describe('Of `missed`: what should have found it.'),
});

/** How long an exception that is offered would hold. */
const OFFERED_MS = 90 * DAY_MS;

/** Records what a person says of a finding, or of an event that there should have been one for. */
export function feedbackRoute({ store, control, clock }: Dependencies): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/findings/:id/feedback',
    summary: 'Say whether a finding was right; `missed` takes the id of an event.',
    access: OPERATORS,
    params: z.strictObject({ id: IDENTIFIER }),
    body: BODY,
    answer: FEEDBACK_ANSWER,
    handle: async ({ principal, params: { id }, body }) => {
      const { verdict, reason } = body;
      const actor = actorOf(principal, body.actor);
      const finding = verdict === 'missed' ? null : await findingOf(store, principal, id);
      const { tenant, detector } = finding ?? missedBy(body);
      requireTenant(principal, tenant);
      const said = { type: 'feedback', actor, reason, finding: id, detector, verdict } as const;
      await control.command(tenant, said);
      const isBenign = finding !== null && verdict === 'benign';
      const exception = isBenign ? offered(finding, actor, reason, clock.now()) : null;
      return { finding: id, tenant, detector, verdict, exception };
    },
  });
}

async function findingOf(store: Store, principal: Principal, id: string): Promise<Finding> {
  const tenants = visibleTenants(principal, undefined);
  const { rows } = await store.findings({ tenants, id, limit: 1 });
  const [finding] = rows;
  if (finding) return finding;
  throw new TripcoilError('not_found', 'No finding has this id; it can be read after a second.');
}

function missedBy({ tenant, detector }: z.output<typeof BODY>) {
  if (tenant !== undefined && detector !== undefined) return { tenant, detector };
  const path = tenant === undefined ? 'tenant' : 'detector';
  const message = 'is needed to say what was missed';
  throw new RequestProblem('bad_request', `${path}: ${message}`, [{ path, message }]);
}

/** As an entry of `detectors.exceptions`, scoped as narrowly as the finding tells. */
function offered(finding: Finding, owner: string, reason: string, now: number): ExceptionBody {
  const { tool } = finding.evidence.facts;
  return {
    detector: finding.detector,
    agent: finding.agent,
    ...(tool === undefined ? {} : { tool }),
    owner,
    reason,
    expires: timeText(now + OFFERED_MS).slice(0, 10),
  };
}
