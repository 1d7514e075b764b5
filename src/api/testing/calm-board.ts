import type { EngineView } from '../../ports/engine-view.ts';

/** What people ask of breakers beside their list, where nothing is open or waits. */
export const CALM_BOARD: Pick<EngineView, 'approvals' | 'preview'> = {
  approvals: () => [],
  preview: (key, level) => ({
    ...{ key, level, presentLevel: 0, epoch: 0, needsTwoPersons: false },
    ...{ agents: ['invoice-bot'], agentsInAll: 1, heldAlready: 0 },
    ...{ sessions: [], sessionsInAll: 0, enforcementPoints: ['broker-1'] },
  }),
};
