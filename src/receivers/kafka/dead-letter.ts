import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import type { EpochMs } from '../../core/time.ts';
import type { BusRecord } from '../../ports/bus.ts';

/** Turns bytes into a keyed hash, so that equal records are recognised and none can be guessed. */
export type Fingerprint = (bytes: Uint8Array) => string;

/** What is told of a record that came to nothing, or not to all that it held. */
export interface DeadLetterInput {
  readonly source: string;
  readonly format: string;
  readonly at: EpochMs;
  readonly record: BusRecord;
  readonly rejects: readonly Reject[];
}

/**
 * The dead letter of a record, as JSON: where it stands, why it was refused, how large it is and a
 * keyed hash. Never its value, its key or a header's value; of header names only those that a
 * standard fixes, since any other may be personal too.
 */
export function deadLetter(input: DeadLetterInput, fingerprint: Fingerprint): string {
  const { source, format, at, record, rejects } = input;
  return JSON.stringify({
    v: 1,
    time: new Date(at).toISOString(),
    ...{ source, format },
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestamp: timeText(record.timestamp),
    rejected: rejects.length,
    errors: rejects.slice(0, LIMITS.rejectsReported).map(({ position, code, path, message }) => ({
      ...{ position, code, path, message },
    })),
    value: sketch(record.value, fingerprint),
    key: sketch(record.key, fingerprint),
    headers: {
      count: record.headers.size,
      names: [...record.headers.keys()].filter((name) => STANDARD_NAMES.has(name)).sort(),
    },
  });
}

function sketch(bytes: Uint8Array | null, fingerprint: Fingerprint) {
  return bytes === null ? null : { bytes: bytes.byteLength, hash: fingerprint(bytes) };
}

/** Producers choose the timestamp; what is no time is left out. */
function timeText(at: EpochMs): string | null {
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

const STANDARD_NAMES = new Set([
  ...['content-type', 'traceparent', 'tracestate', 'cerbos.audit.kind', 'cerbos.audit.encoding'],
  ...['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time'],
  ...['ce_dataschema', 'ce_datacontenttype', 'ce_partitionkey', 'ce_traceparent'],
]);
