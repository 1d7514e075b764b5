import type { SignalStream, StreamState, StreamSubject } from '../core/signal-stream.ts';
import type { RevocationReceiver } from './revocation-receiver.ts';

type Subject = StreamSubject['subject'];

/** Streams of security events as the log has them. */
export interface SignalStreams {
  /** Every stream there is, with its tenant. */
  all(): readonly { readonly tenant: string; readonly state: StreamState }[];
  get(tenant: string, id: string): StreamState | null;
  /**
   * Logs a stream as it is from now on, or that it is gone; holds when it resolves. Free texts and
   * names in it are redacted first. @throws TripcoilError `overloaded` where there is no room,
   * `storage_unavailable`.
   */
  change(tenant: string, id: string, stream: SignalStream | null): Promise<StreamState | null>;
  /** A subject as the log has it, for comparison with what is on record. */
  recordedSubject(tenant: string, subject: Subject): Subject;
  /** Delivers to this receiver from now on, what is owed first. Replaces one of its name. */
  attach(receiver: RevocationReceiver): void;
  detach(name: string): void;
}
