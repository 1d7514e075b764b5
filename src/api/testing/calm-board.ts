import type { EngineView } from '../../ports/engine-view.ts';

/** What an order would touch, where nothing is open. */
export const CALM_BOARD: Pick<EngineView, 'preview'> = {
  preview: (key, level) => ({
    ...{ key, level, presentLevel: 0, epoch: 0, needsTwoPersons: false },
    ...{ agents: ['invoice-bot'], agentsInAll: 1, heldAlready: 0 },
    ...{ sessions: [], sessionsInAll: 0, enforcementPoints: ['broker-1'] },
  }),
};
