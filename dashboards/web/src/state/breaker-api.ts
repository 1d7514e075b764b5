import type {
  ApprovalBody,
  BreakerBody,
  KeyBody,
  PreviewBody,
} from '../../../../src/api/breaker-contract.ts';
import type { OrderBody } from '../../../../src/api/contract.ts';
import type { Words } from '../components/order-form.tsx';
import { getJson, postJson, query } from './api.ts';

/** A question to a second person, about the breaker at the epoch that was seen. */
export interface ApprovalRequest extends Words {
  readonly key: KeyBody;
  readonly epoch: number;
  readonly order: ApprovalBody['order'];
  readonly minutes?: number;
}

/** What people do with breakers; each order is recorded with its reason. */
export const breakerApi = {
  /** Also a closed one. */
  one: async ({ tenant, kind, id, agent }: KeyBody, signal: AbortSignal): Promise<BreakerBody> =>
    (await getJson(
      `v1/breakers/by-key${query({ tenant, kind, id, agent })}`,
      signal,
    )) as BreakerBody,

  approvals: async (tenant: string): Promise<readonly ApprovalBody[]> => {
    const answer = await getJson(`v1/breakers/approvals${query({ tenant })}`);
    return (answer as { readonly items: readonly ApprovalBody[] }).items;
  },

  /** What a trip would touch; nothing is recorded, though an operator is asked for. */
  preview: async (key: KeyBody, level: number, reason: string): Promise<PreviewBody> =>
    (await postJson('v1/breakers/trip?preview=true', { key, level, reason })) as PreviewBody,

  trip: async (order: { key: KeyBody; level: number } & Words): Promise<OrderBody> =>
    (await postJson('v1/breakers/trip', order)) as OrderBody,

  close: async (
    how: 'reset' | 'release',
    order: { key: KeyBody; epoch: number } & Words,
  ): Promise<OrderBody> => (await postJson(`v1/breakers/${how}`, order)) as OrderBody,

  exempt: async (order: { key: KeyBody; minutes: number } & Words): Promise<OrderBody> =>
    (await postJson('v1/breakers/exempt', order)) as OrderBody,

  breakGlass: async (
    order: { key: KeyBody; minutes: number; ticket: string } & Words,
  ): Promise<OrderBody> => (await postJson('v1/breakers/break-glass', order)) as OrderBody,

  ask: async (request: ApprovalRequest): Promise<ApprovalBody> =>
    (await postJson('v1/breakers/approvals', request)) as ApprovalBody,

  decide: async (id: string, order: { verdict: 'approve' | 'deny' } & Words): Promise<OrderBody> =>
    (await postJson(`v1/breakers/approvals/${encodeURIComponent(id)}`, order)) as OrderBody,

  calm: async (order: { tenant: string } & Words): Promise<{ readonly calm: boolean }> =>
    (await postJson('v1/breakers/calm', order)) as { readonly calm: boolean },
};
