import type { Destination } from '../../core/access-event.ts';

/**
 * What an agent is known to do, given to detectors: its own practice, and that of its peers (same
 * tenant and role). All of it is as before this event.
 */
export interface AgentPractice {
  /** Sessions learned from: of the agent itself, and of its peer group with it. */
  readonly sessions: number;
  readonly peerSessions: number;
  /** Whether the task that the session named was seen before; `unnamed` where it named none. */
  readonly task: 'known' | 'new' | 'unnamed';
  /** Whether this tool was used before, by the agent or by enough of its peers. */
  readonly usesTool: boolean;
  /** Whether it was used for this very task. Equal to `usesTool` where no task is named. */
  readonly usesToolForTask: boolean;
  /**
   * Whether what the event says was granted covers its call, by its required scopes or by the name
   * of its tool. Null where the event names no granted scopes, or none that can be compared.
   */
  readonly covered: boolean | null;
  /** Sessions in which the agent went outside what its events said was granted, and was let. */
  readonly ungrantedSessions: number;
  /**
   * Destinations of this event that neither the agent nor its peers have used with this tool. Left
   * out are those that the intent names, and kinds that are new more often than not with it.
   */
  readonly firstSeen: readonly Destination[];
}
