/**
 * How the histories of two agents belong together: `in_turn`, one agent that worked first under one
 * name and then under the other, or `at_once`, both at the same time, so that their work adds up.
 */
export const JOININGS = ['in_turn', 'at_once'] as const;
export type Joining = (typeof JOININGS)[number];
