import { z } from 'zod';
import { TripcoilError } from '../../core/errors.ts';
import { LIMITS } from '../../core/limits.ts';

const identifier = z.string().min(1).max(LIMITS.identifierChars);

/** Short body of `POST /v1/check`; every member but `tenant` narrows the question. */
export const checkSchema = z.object({
  tenant: identifier.exactOptional(),
  agent: identifier.exactOptional(),
  session: identifier.exactOptional(),
  chain: identifier.exactOptional(),
  trace: identifier.exactOptional(),
  jti: identifier.exactOptional(),
  tool: identifier.exactOptional(),
  op: identifier.exactOptional(),
});

/** A question about breakers, or an event to be judged before it is executed. */
export type CheckBody =
  | { readonly form: 'question'; readonly question: z.infer<typeof checkSchema> }
  | { readonly form: 'proposed'; readonly value: unknown };

/**
 * Tells the two forms apart: a native event has an `action` or an object for `agent`.
 * @throws TripcoilError `bad_request` that names the field and repeats no value.
 */
export function parseCheckBody(body: unknown): CheckBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new TripcoilError('bad_request', 'The body must be a JSON object.');
  }
  const { action, agent, phase } = body as Readonly<Record<string, unknown>>;
  if (action !== undefined || phase !== undefined || typeof agent === 'object') {
    if (phase === 'proposed') return { form: 'proposed', value: body };
    throw new TripcoilError('bad_request', '`phase` of an event to be checked must be `proposed`.');
  }
  const parsed = checkSchema.safeParse(body);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? 'body';
    const limit = LIMITS.identifierChars;
    throw new TripcoilError(
      'bad_request',
      `\`${path}\` must be a text of 1 to ${limit} characters.`,
    );
  }
  return { form: 'question', question: parsed.data };
}
