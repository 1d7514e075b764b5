import type { RedactionPolicy } from '../core/redaction-policy.ts';
import type { Clock } from '../ports/clock.ts';
import type { Identifiers } from '../ports/identifiers.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { PersonalFindings } from '../ports/personal-findings.ts';
import type { Redactor } from '../ports/redactor.ts';
import type { Subjects } from '../ports/subjects.ts';
import type { TextPost } from '../ports/text-fetch.ts';
import { createExternalRecogniser, type ExternalRecogniserOptions } from './external/recogniser.ts';
import { createIdentifierDirectory } from './identifier-directory.ts';
import { createPersonalFindings } from './personal-findings.ts';
import { rotatingPseudonymKeys } from './pseudonym-keys.ts';
import { createRedactor } from './redactor.ts';
import { SubjectStore } from './subject-store.ts';
import { createSubjects } from './subjects.ts';

/** Redaction of a process, with what it keeps on disk. */
export interface Redaction {
  readonly redactor: Redactor;
  /** Where personal data stood. */
  readonly findings: PersonalFindings;
  /** The keys of persons, and the orders on them. */
  readonly subjects: Subjects;
  /** What brokers call those whose ids are pseudonyms on record. */
  readonly identifiers: Identifiers;
  close(): void;
}

/** Opens the file of subjects' keys in `directory` and builds the redactor on it. */
export function openRedaction(
  options: {
    readonly keys: Pick<KeyRing, 'pseudonymKey'>;
    readonly policyOf: (tenant: string) => RedactionPolicy;
    readonly clock: Pick<Clock, 'now'>;
    readonly metrics: Metrics;
    /** The recogniser of free text to ask through `post`, or null. */
    readonly external: Omit<ExternalRecogniserOptions, 'metrics' | 'post'> | null;
    readonly post: TextPost;
  },
  directory: string,
): Redaction {
  const { keys, policyOf, clock, metrics } = options;
  const vault = new SubjectStore(keys, directory);
  const pseudonymKeys = rotatingPseudonymKeys({ keys, store: vault, clock });
  const findings = createPersonalFindings();
  const { post } = options;
  const external =
    options.external && createExternalRecogniser({ ...options.external, post, metrics });
  const identifiers = createIdentifierDirectory(vault);
  const redactor = createRedactor({
    ...{ keys, metrics, findings, policyOf, pseudonymKeys, vault, directory: identifiers },
    ...(external && { external }),
  });
  const subjects = createSubjects({ store: vault, keys: pseudonymKeys, redactor });
  return { redactor, findings, subjects, identifiers, close: () => vault.close() };
}
