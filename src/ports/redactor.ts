import type { AccessEvent } from '../core/access-event.ts';
import type { Redacted } from '../core/redacted.ts';

/** Replaces personal data and secrets before anything is written. Synchronous and total. */
export interface Redactor {
  /**
   * Returns the event with every personal value replaced by a keyed pseudonym of its tenant, every
   * secret masked, and `destinations` extracted. Never throws: a field that cannot be judged
   * becomes `[REDACTION_FAILED]`. Idempotent.
   */
  redact(event: AccessEvent): Redacted<AccessEvent>;
  /** The same for a single text, for grant literals and operator's words. */
  redactText(tenant: string, text: string): string;
  /**
   * The same for an identifier needed to revoke, of an agent, a session, a chain or a token: its
   * tokens never change, and a secret becomes a keyed token, so no two become one.
   */
  redactIdentifier(tenant: string, text: string): string;
  /**
   * The same for one that an order is about to record: its plain form is kept for the brokers, as
   * `redact` keeps those of events; on disk after `flush`. Where absent, nothing is kept.
   */
  keepIdentifier?(tenant: string, text: string): string;
  /**
   * Replaces what an external recogniser finds in the free texts of redacted events, before they
   * are appended; absent where there is none. Never rejects: a text that the recogniser did not
   * judge in time becomes `[REDACTION_FAILED]`.
   */
  complete?(events: readonly Redacted<AccessEvent>[]): Promise<readonly Redacted<AccessEvent>[]>;
  /** Puts on disk what redaction sealed so far; before an event is acknowledged. */
  flush?(): void;
}
