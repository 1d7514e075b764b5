import { NAMED_CHECKS } from '../checks/named.ts';
import { PERSONAL_TYPES } from '../tokens.ts';
import { patternProblem } from './recogniser.ts';

/** What the configuration of redaction is held against. */
export const REDACTION_CHECKS = {
  entities: PERSONAL_TYPES,
  validators: [...NAMED_CHECKS.keys()],
  patternProblem,
} as const;
