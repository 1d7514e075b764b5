import type { ReceivedEvent } from '../../core/access-event.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Reject } from '../../core/reject.ts';
import { decodeUtf8, jsonBodySteps, parseJsonText } from '../json-body.ts';
import { withShape } from '../record-shape.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP, runAtOnce } from '../steps.ts';
import { isObject } from './field-reader.ts';
import type { AuditFormat, MapContext, Mapped } from './format.ts';
import { isReject } from './format.ts';
import { type AuditResult, auditFormatOf, mapAuditValue } from './formats.ts';
import type { Shape } from './records.ts';
import { isBlank, linesOf, sniffShape, tooMany } from './records.ts';

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
  const shape = declared ?? sniffShape(bytes);
  const batch: AuditBatch = { shape, events: [], positions: [], rejects: [], ignored: 0 };
  if (isBlank(bytes)) return batch;
  if (shape === 'ndjson') {
    let bytesLeft: number = LIMITS.ingestSliceChars;
    for (const { content, line } of linesOf(bytes)) {
      yield* takeLine(batch, content, line, reading);
      bytesLeft -= content.length;
      if (bytesLeft > 0) continue;
      yield;
      bytesLeft = LIMITS.ingestSliceChars;
    }
  } else {
    const value = yield* jsonBodySteps(bytes);
    yield* takeValue(batch, value, (index) => index, reading);
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
  take(batch, 0, mapValue(value, 0, reading).mapped);
  return batch;
}

function* takeLine(
  batch: AuditBatch,
  bytes: Uint8Array,
  line: number,
  reading: AuditReading,
): Steps<void> {
  let value: unknown;
  try {
    // A long line is looked over before it is parsed.
    value =
      bytes.length > LIMITS.eventBytes
        ? yield* jsonBodySteps(bytes)
        : parseJsonText(decodeUtf8(bytes));
  } catch {
    batch.rejects.push({ position: line, code: 'malformed', path: '', message: 'not valid JSON' });
    return;
  }
  // Some shippers write a batch as one line.
  yield* takeValue(batch, value, () => line, reading);
}

/** One record, or an array of them. */
function* takeValue(
  batch: AuditBatch,
  value: unknown,
  positionOf: (index: number) => number,
  reading: AuditReading,
): Steps<void> {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (values.length > LIMITS.recordsPerBody) throw tooMany();
  for (let index = 0; index < values.length; index++) {
    const position = positionOf(index);
    yield* takeRecord(batch, values[index], position, reading);
    if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
  }
}

/** A list of records that its format knows as one is mapped record by record. */
function* takeRecord(
  batch: AuditBatch,
  value: unknown,
  position: number,
  reading: AuditReading,
): Steps<void> {
  const format = isObject(value) ? auditFormatOf(value, reading.format, reading.formats) : null;
  const records = format?.recordsOf?.(value) ?? [];
  if (format === null || records.length <= RECORDS_PER_STEP) {
    take(batch, position, mapValue(value, position, reading).mapped);
    return;
  }
  if (records.length > LIMITS.recordsPerBody) throw tooMany();
  const known = { ...reading, format: format.name };
  for (let index = 0; index < records.length; index++) {
    take(batch, position, mapValue(records[index], position, known).mapped);
    if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
  }
}

function mapValue(
  value: unknown,
  position: number,
  { format, formats, receivedAt }: AuditReading,
): AuditResult {
  const context: MapContext = { position, receivedAt };
  const result = mapAuditValue(value, format, context, formats);
  for (const each of result.mapped) if (isReject(each)) withShape(each, value);
  return result;
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
