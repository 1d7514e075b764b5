import { z } from 'zod';
import { type BreakerKey, KEY_KINDS } from '../../core/breaker.ts';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';
import type { Drill } from '../../ports/revocation-receiver.ts';

const identifier = z.string().min(1).max(LIMITS.identifierChars);
const counter = z.int().min(0);

/** Body of `POST /v1/breakers/ack`. Unknown members are ignored, so that clients may grow. */
export const acknowledgementSchema = z.object({
  key: z.object({
    tenant: identifier,
    kind: z.enum(KEY_KINDS),
    // A tool key joins two identifiers.
    id: z
      .string()
      .min(1)
      .max(3 * LIMITS.identifierChars),
    agent: identifier.optional(),
  }),
  term: counter,
  epoch: counter,
});

const severalSchema = z.object({
  acks: z.array(acknowledgementSchema).min(1).max(LIMITS.feedAcknowledgements),
});

export interface BrokersWord {
  readonly key: BreakerKey;
  readonly term: number;
  readonly epoch: number;
}

const drillSchema = z.object({ drill: identifier, tenant: identifier });

/** The drill that a broker says it has heard of; null for any other word. */
export function drillOf(body: unknown): Drill | null {
  const parsed = drillSchema.safeParse(body);
  return parsed.success ? { id: parsed.data.drill, tenant: parsed.data.tenant } : null;
}

/**
 * One acknowledgement, or several as `acks`.
 * @throws TripcoilError `bad_request` that names the field and repeats no value.
 */
export function parseAcknowledgements(body: unknown): readonly BrokersWord[] {
  const several = typeof body === 'object' && body !== null && 'acks' in body;
  const parsed = several ? severalSchema.safeParse(body) : acknowledgementSchema.safeParse(body);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new TripcoilError('bad_request', `\`${path || 'body'}\` is missing or of a wrong type.`);
  }
  const { data } = parsed;
  return ('acks' in data ? data.acks : [data]).map(({ key, term, epoch }) => {
    const { tenant, kind, id, agent } = key;
    return { key: { tenant, kind, id, ...(agent === undefined ? {} : { agent }) }, term, epoch };
  });
}
