import * as z from 'zod';

const count = z.int().min(0);

const REFUSED_RECORD = z.strictObject({
  line: z.int().exactOptional().describe('Line from 1, for NDJSON.'),
  index: z.int().exactOptional().describe('Index from 0, for an array or a single record.'),
  code: z.string(),
  path: z.string().describe('Where in the record the fault is.'),
  message: z.string(),
});

/** Answer to native events, audit records and CloudEvents; see docs/formats/native.md. */
export const RECORDS_TAKEN = z.strictObject({
  accepted: count.describe('Events that are durable now, `duplicates` among them.'),
  duplicates: count.describe('Those of `accepted` known by now to have been taken in before.'),
  ignored: count.describe('Records that were understood and tell of nothing an agent did.'),
  rejected_count: count,
  rejected: z.array(REFUSED_RECORD).describe('The first of them.'),
});
