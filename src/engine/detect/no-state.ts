import type { DetectorVerdict } from './detector.ts';

/** Of a detector that remembers nothing: one for all agents, since nobody can write into it. */
export const NO_STATE: Readonly<Record<string, never>> = Object.freeze({});

/** What nearly every event is answered with; a new list each time would only be thrown away. */
export const NO_VERDICTS: readonly DetectorVerdict[] = Object.freeze([]);
