import * as z from 'zod';
import type { RebuildProgress, StoreRebuild } from '../../ports/store-rebuild.ts';
import { OPERATORS, requireEveryTenant } from '../auth.ts';
import { timeText } from '../bodies.ts';
import { ORDER_WORDS } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { actorOf } from './actor.ts';

const PROGRESS = z.strictObject({
  rebuilding: z.boolean(),
  seq: z.int().describe('Entries that the new store has.'),
  of: z.int().describe('Entries that it has to have before it takes over.'),
  started_at: z.string().nullable(),
});

/** Rebuilding the store from the ledger: the order, and how far it is. */
export function storeRebuildRoutes(rebuild: StoreRebuild): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/v1/store/rebuild',
      summary: 'Build the store again from the ledger; search and ingest go on meanwhile.',
      access: OPERATORS,
      body: z.strictObject(ORDER_WORDS),
      answer: PROGRESS,
      handle: async ({ principal, body }) => {
        requireEveryTenant(principal);
        const { reason } = body;
        return told(await rebuild.start({ actor: actorOf(principal, body.actor), reason }));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/store/rebuild',
      summary: 'How far a rebuild of the store is.',
      access: OPERATORS,
      answer: PROGRESS,
      handle: ({ principal }) => {
        requireEveryTenant(principal);
        return told(rebuild.progress());
      },
    }),
  ];
}

function told(progress: RebuildProgress | null): z.output<typeof PROGRESS> {
  if (progress === null) return { rebuilding: false, seq: 0, of: 0, started_at: null };
  const { seq, of, startedAt } = progress;
  return { rebuilding: true, seq, of, started_at: timeText(startedAt) };
}
