/** What a stream of security events may do (SSF 1.0 section 8.1.2). */
export const STREAM_STATUSES = ['enabled', 'paused', 'disabled'] as const;
export type StreamStatus = (typeof STREAM_STATUSES)[number];

/** One word on who is in a stream; the latest that matches a subject decides. */
export interface StreamSubject {
  /** A subject identifier (RFC 9493), its names as recorded. */
  readonly subject: Readonly<Record<string, unknown>>;
  readonly included: boolean;
}

/** A stream of security events (SSF 1.0) from one tenant to one receiver. */
export interface SignalStream {
  readonly id: string;
  /** Who made it and alone may see it: `oauth:<client>` or `token:<name>`. */
  readonly receiver: string;
  readonly audience: string;
  readonly delivery: 'push' | 'poll';
  /** Address and Authorization header of a push stream, sealed under the tenant's key. */
  readonly sealed: string | null;
  /** Event types asked for, as given; null for all. */
  readonly eventsRequested: readonly string[] | null;
  readonly description: string | null;
  readonly status: StreamStatus;
  readonly statusReason: string | null;
  /** Everybody is in a stream but for what this says. */
  readonly subjects: readonly StreamSubject[];
  readonly subjectProfile: 'iss_sub' | 'complex';
}

/** A stream was made or changed; null when it was deleted. */
export interface StreamChanged {
  readonly type: 'stream';
  readonly id: string;
  readonly stream: SignalStream | null;
}

/** A stream with its place in the log. */
export interface StreamState {
  readonly stream: SignalStream;
  /** Sequence of the entry that made it. */
  readonly createdSeq: number;
  /** Of the entry that ended its last time as `disabled`; 0 before. What is older is never sent. */
  readonly resumedSeq: number;
}
