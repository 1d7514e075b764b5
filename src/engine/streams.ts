import { LIMITS } from '../core/limits.ts';
import type { StreamChanged, StreamState } from '../core/signal-stream.ts';

/** Takes a change of a stream; one too many is not taken. */
export function takeStream(
  streams: Map<string, StreamState>,
  { id, stream }: StreamChanged,
  seq: number,
): void {
  const before = streams.get(id);
  if (stream === null) streams.delete(id);
  else if (before || streams.size < LIMITS.streamsPerTenant) {
    const resumes = before?.stream.status === 'disabled' && stream.status !== 'disabled';
    const resumedSeq = resumes ? seq : (before?.resumedSeq ?? 0);
    streams.set(id, { stream, createdSeq: before?.createdSeq ?? seq, resumedSeq });
  }
}
