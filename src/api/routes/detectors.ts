import * as z from 'zod';
import { precisionOf } from '../../core/feedback.ts';
import type { DetectorView, EngineView } from '../../ports/engine-view.ts';
import { READERS, visibleTenants } from '../auth.ts';
import type { DetectorBody } from '../detector-contract.ts';
import { DETECTOR } from '../detector-schemas.ts';
import { IDENTIFIER } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf } from '../schemas.ts';

/** Detectors and rules of each tenant, with what people said of their findings. */
export function detectorsRoute(view: EngineView): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/detectors',
    summary: 'Detectors and rules by tenant, with mode, blind agents and precision.',
    access: READERS,
    query: z.strictObject({ tenant: IDENTIFIER.optional() }),
    answer: pageOf(DETECTOR),
    handle: ({ principal, query }) => {
      const items = view.detectors(visibleTenants(principal, query.tenant)).map(bodyOf);
      return { items, next: null };
    },
  });
}

function bodyOf({ setAside, feedback, ...rest }: DetectorView): DetectorBody {
  return {
    ...rest,
    set_aside: setAside,
    feedback: { ...feedback },
    precision: precisionOf(feedback),
  };
}
