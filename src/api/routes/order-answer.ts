import * as z from 'zod';
import type { BreakerKey } from '../../core/breaker.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import { breakerBody } from '../bodies.ts';
import type { OrderBody } from '../contract.ts';
import { RequestProblem } from '../problem.ts';

/** The epoch of a breaker as somebody saw it. */
export const SEEN_EPOCH = z
  .int()
  .min(0)
  .describe('As read; another one is refused with `conflict`.');

/** What an order about a breaker answers: how it stands now. */
export function orderBody(view: EngineView, key: BreakerKey): OrderBody {
  const found = view.breaker(key);
  return { accepted: true, breaker: found === null ? null : breakerBody(found) };
}

/** An order refused for one of its fields. */
export function fieldProblem(path: string, message: string): RequestProblem {
  return new RequestProblem('bad_request', `${path}: ${message}`, [{ path, message }]);
}
