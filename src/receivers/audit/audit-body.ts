import type { ReceivedEvent } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import { decodeUtf8, jsonBodySteps, parseJsonBody, parseJsonText } from '../json-body.ts';
import { withShape } from '../record-shape.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP, runAtOnce } from '../steps.ts';
import type { AuditFormat, MapContext, Mapped } from './format.ts';
import { isReject } from './format.ts';
import { mapAuditValue } from './formats.ts';
import type { Shape } from './records.ts';
import { linesOf, sniffShape, tooMany } from './records.ts';

/** What a body of audit records came to. */
export interface AuditBatch {
  readonly shape: Shape;
  readonly events: ReceivedEvent[];
  /** Line number from 1 for NDJSON, index from 0 otherwise; of each event. */
  readonly positions: number[];
  readonly rejects: Reject[];
  /** Records that came to no event and are not at fault. */
  ignored: number;
}

/** How the records of a body are to be read. */
export interface AuditReading {
  /** A name of `formats`, or `auto`. */
  readonly format: string;
  readonly formats: ReadonlyMap<string, AuditFormat>;
  readonly receivedAt: number;
}

/**
 * Reads a body of audit records: one object, an array or NDJSON. Bad records cost nothing but
 * themselves.
 * @throws TripcoilError `bad_request` when nothing in it is JSON, `payload_too_large` when it holds
 * more than `LIMITS.recordsPerBody` records or comes to more events.
 */
export function parseAuditBody(
  bytes: Uint8Array,
  declared: Shape | null,
  reading: AuditReading,
): AuditBatch {
  return runAtOnce(auditBodySteps(bytes, declared, reading));
}

/** `parseAuditBody` in steps. */
export function* auditBodySteps(
  bytes: Uint8Array,
  declared: Shape | null,
  reading: AuditReading,
): Steps<AuditBatch> {
  const text = decodeUtf8(bytes);
  const shape = declared ?? sniffShape(text);
  const batch: AuditBatch = { shape, events: [], positions: [], rejects: [], ignored: 0 };
  if (text.trim() === '') return batch;
  if (shape === 'ndjson') {
    let charsLeft: number = LIMITS.ingestSliceChars;
    for (const { content, line } of linesOf(text)) {
      take(batch, line, mapLine(content, line, reading));
      charsLeft -= content.length;
      if (charsLeft > 0) continue;
      yield;
      charsLeft = LIMITS.ingestSliceChars;
    }
  } else {
    const value = yield* jsonBodySteps(bytes);
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (values.length > LIMITS.recordsPerBody) throw tooMany();
    for (let index = 0; index < values.length; index++) {
      take(batch, index, mapValue(values[index], index, reading));
      if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
    }
  }
  const { events, rejects } = batch;
  const isNoJson = rejects.length > 0 && rejects.every((reject) => reject.code === 'malformed');
  if (events.length === 0 && isNoJson) {
    throw new TripcoilError('bad_request', 'nothing in the body is valid JSON');
  }
  return batch;
}

/** One value that is parsed already, such as an event in binary mode, as a batch. */
export function auditBatchOf(value: unknown, reading: AuditReading): AuditBatch {
  const batch: AuditBatch = { shape: 'object', events: [], positions: [], rejects: [], ignored: 0 };
  take(batch, 0, mapValue(value, 0, reading));
  return batch;
}

function mapLine(line: string, position: number, reading: AuditReading): readonly Mapped[] {
  let value: unknown;
  try {
    // A long line is looked over before it is parsed.
    value =
      line.length > LIMITS.eventBytes ? parseJsonBody(Buffer.from(line)) : parseJsonText(line);
  } catch {
    return [{ position, code: 'malformed', path: '', message: 'not valid JSON' }];
  }
  // Some shippers write a batch as one line.
  if (!Array.isArray(value)) return mapValue(value, position, reading);
  if (value.length > LIMITS.recordsPerBody) throw tooMany();
  return value.flatMap((item) => mapValue(item, position, reading));
}

function mapValue(
  value: unknown,
  position: number,
  { format, formats, receivedAt }: AuditReading,
): readonly Mapped[] {
  const context: MapContext = { position, receivedAt };
  const { mapped } = mapAuditValue(value, format, context, formats);
  for (const each of mapped) if (isReject(each)) withShape(each, value);
  return mapped;
}

function take(batch: AuditBatch, position: number, mapped: readonly Mapped[]): void {
  if (mapped.length === 0) batch.ignored += 1;
  for (const each of mapped) {
    if (isReject(each)) batch.rejects.push(each);
    else {
      batch.events.push(each);
      batch.positions.push(position);
    }
  }
  if (batch.events.length > LIMITS.recordsPerBody) throw tooMany();
}
