import * as z from 'zod';
import { EVENT_KINDS, OPERATIONS, OUTCOMES, VERDICTS } from '../../../core/access-event.ts';

const pointer = z
  .string()
  .max(512)
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, 'a JSON pointer (RFC 6901), such as /actor/id');
/** `*` stands for any characters; letter case does not count. */
const glob = z.string().max(256);
const scalar = z.union([z.string().max(4_096), z.number(), z.boolean()]);

const condition = z.union([
  pointer.describe('Holds when something stands there.'),
  z.strictObject({
    at: pointer,
    is: z.array(glob).min(1).max(256).optional().describe('Holds when one of the globs matches.'),
    absent: z.literal(true).optional().describe('Holds when nothing stands there.'),
  }),
]);

const step = z.strictObject({
  at: pointer.optional(),
  constant: scalar.optional().describe('This value, wherever `when` holds.'),
  find: z
    .strictObject({ in: pointer, key: pointer, is: z.array(glob).min(1), value: pointer })
    .optional()
    .describe('In a list of `{key, value}` objects, the value of the first whose key matches.'),
  join: z.array(pointer).min(2).max(8).optional().describe('Texts there, joined by `by`.'),
  by: z.string().max(8).optional().describe('Between joined texts, or where `take` splits.'),
  take: z.int().min(-16).max(16).optional().describe('Part of the text split at `by`.'),
  map: z
    .record(glob, scalar)
    .optional()
    .describe('The first glob that matches gives the value; one that none matches gives nothing.'),
  scale: z.number().optional().describe('Factor to the unit of the field, such as 1000 for s.'),
  duration: z.literal(true).optional().describe('A text such as `12ms` or `1.5s`, read as ms.'),
  when: z.array(condition).min(1).max(16).optional().describe('All must hold.'),
});

const single = z.union([pointer, step]);
/** A pointer, a step, or several of which the first with a value counts. */
const source = z.union([single, z.array(single).min(1).max(24)]);

const group = <Name extends string>(...names: readonly Name[]) =>
  z.strictObject(
    Object.fromEntries(names.map((name) => [name, source.optional()])) as Record<
      Name,
      z.ZodOptional<typeof source>
    >,
  );

const party = group('sub', 'iss', 'type', 'roles');

/**
 * A format of audit record as a document: where its fields stand. Every field of an event takes a
 * pointer, a step or a list of them in order of preference.
 */
export const profileSchema = z.strictObject({
  profile: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/)
    .describe('Its name in `/v1/audit/{format}` and `--format`.'),
  title: z.string().min(1).max(128),
  setup: z.string().max(8_192).optional().describe('How to point the product here, in Markdown.'),
  notes: z.string().max(8_192).optional().describe('What the record does not carry, and why.'),
  recognise: z
    .strictObject({
      all: z.array(condition).max(16).optional(),
      any: z.array(condition).max(16).optional(),
      none: z.array(condition).max(16).optional(),
    })
    .describe('When auto-detection takes a record for this format; cheap and unambiguous.'),
  container: pointer.optional().describe('A list of records, where the product sends many in one.'),
  each: pointer.optional().describe('A list in the record; one event per item, found at `/@item`.'),
  blank: z.array(z.string()).max(16).optional().describe('Texts that mean nothing, such as `-`.'),
  id: source.optional(),
  time: source,
  kind: source.describe(EVENT_KINDS.join(', ')),
  phase: source.optional(),
  agent: group('name', 'version').extend({ id: source }),
  tenant: source.optional(),
  tenantIs: z
    .enum(['claim', 'account'])
    .optional()
    .describe('Whether tenants are named as here, or are accounts of a vendor (the default).'),
  session: group('id', 'conversationId').optional(),
  trace: group('traceId', 'spanId', 'parentSpanId', 'requestId').optional(),
  principal: party.optional(),
  delegation: z
    .strictObject({ in: pointer, sub: z.array(pointer).min(1) })
    .optional()
    .describe('A list of actors, the current one first.'),
  action: group('arguments', 'toolCallId').extend({
    name: source,
    op: source.optional().describe(OPERATIONS.join(', ')),
  }),
  resource: group('type', 'id', 'tenant', 'server', 'region').optional(),
  scopes: group('granted', 'required').optional(),
  volume: group('records', 'bytesIn', 'bytesOut', 'tokensIn', 'tokensOut', 'costUsd').optional(),
  decision: group('id', 'reason', 'policyId', 'policyVersion')
    .extend({ verdict: source.describe(VERDICTS.join(', ')) })
    .optional(),
  approval: group('status', 'id', 'approver').optional(),
  token: group('jti', 'txn', 'iss', 'sub', 'aud', 'exp', 'jwt').optional(),
  outcome: group('errorType')
    .extend({ status: source.optional().describe(OUTCOMES.join(', ')) })
    .optional(),
  latencyMs: source.optional(),
  clientIp: source.optional(),
  attrs: z.record(z.string().max(128), source).optional(),
});

export type ProfileDocument = z.input<typeof profileSchema>;
export type Source = z.infer<typeof source>;
export type Step = z.infer<typeof step>;
export type Condition = z.infer<typeof condition>;
