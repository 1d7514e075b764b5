import type { ReceivedEvent } from '../core/access-event.ts';
import type { Reject } from '../core/reject.ts';

/** What one line, or one document over many, came to. */
export interface Read {
  readonly events: readonly ReceivedEvent[];
  readonly rejects: readonly Reject[];
  /** Records that tell of no agent's action, by the format they were taken for. */
  readonly ignored?: { readonly format: string; readonly count: number };
}

export function refused(reject: Reject): Read {
  return { events: [], rejects: [reject] };
}
