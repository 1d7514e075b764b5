import { LIMITS } from '../../core/limits.ts';
import type { Metrics } from '../../ports/metrics.ts';
import type { TextPost } from '../../ports/text-fetch.ts';
import type { PersonalType } from '../tokens.ts';

/** What an external recogniser found, in UTF-16 code units of the text. */
export interface ExternalSpan {
  readonly start: number;
  readonly end: number;
  readonly type: PersonalType;
}

/** Judges texts; null for one that was not judged. Never rejects. */
export type ExternalRecogniser = (text: string) => Promise<readonly ExternalSpan[] | null>;

/** How a recogniser that speaks the API of the Presidio analyzer is asked. */
export interface ExternalRecogniserOptions {
  /** Its `/analyze`. */
  readonly url: string;
  /** How long a text may wait and be judged, in milliseconds. */
  readonly timeoutMs: number;
  readonly language: string;
  readonly entities: readonly string[];
  /** From 0 to 1; finds below it are left. */
  readonly minScore: number;
  readonly maxConcurrent: number;
  readonly post: TextPost;
  readonly metrics: Metrics;
}

/**
 * `POST /analyze` of Presidio (docs/api-docs of data-privacy-stack/presidio): one request for each
 * text, at most `maxConcurrent` at a time, `LIMITS.externalQueue` waiting. Waiting counts towards
 * the timeout, so that no batch waits longer than that.
 */
export function createExternalRecogniser(options: ExternalRecogniserOptions): ExternalRecogniser {
  const { metrics, maxConcurrent, timeoutMs } = options;
  const waiting: (() => void)[] = [];
  let running = 0;

  /** Resolves to whether there was a place in time. */
  function place(signal: AbortSignal): Promise<boolean> {
    if (running < maxConcurrent) {
      running += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const take = (): void => {
        signal.removeEventListener('abort', give);
        resolve(true);
      };
      const give = (): void => {
        waiting.splice(waiting.indexOf(take), 1);
        resolve(false);
      };
      signal.addEventListener('abort', give, { once: true });
      waiting.push(take);
    });
  }

  /** A place goes from hand to hand. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (text) => {
    const isRefused = waiting.length >= LIMITS.externalQueue;
    if (isRefused || text.length > LIMITS.externalTextChars) {
      metrics.count('tripcoil_redaction_external_total', { result: 'refused' });
      return null;
    }
    const signal = AbortSignal.timeout(timeoutMs);
    const spans = (await place(signal))
      ? await ask(options, text, signal)
          .catch(() => null)
          .finally(leave)
      : null;
    const result = spans === null ? 'failed' : 'answered';
    metrics.count('tripcoil_redaction_external_total', { result });
    return spans;
  };
}

async function ask(
  options: ExternalRecogniserOptions,
  text: string,
  signal: AbortSignal,
): Promise<readonly ExternalSpan[] | null> {
  const { url, language, entities, minScore, post } = options;
  const { status, text: answer } = await post({
    ...{ url: new URL(url), signal, answerBytes: LIMITS.externalAnswerBytes },
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ text, language, entities, score_threshold: minScore }),
  });
  return status === 200 ? spansOf(JSON.parse(answer), text, minScore) : null;
}

/** Null unless the whole answer can be believed: what is read wrongly would be left standing. */
function spansOf(answer: unknown, text: string, minScore: number): readonly ExternalSpan[] | null {
  if (!Array.isArray(answer)) return null;
  const unitAt = unitsOf(text);
  const spans: ExternalSpan[] = [];
  for (const found of answer as readonly unknown[]) {
    if (typeof found !== 'object' || found === null) return null;
    const { start, end, score, entity_type } = found as Readonly<Record<string, unknown>>;
    if (typeof start !== 'number' || typeof end !== 'number' || start >= end) return null;
    if (typeof score !== 'number' || typeof entity_type !== 'string') return null;
    const [from, to] = [unitAt(start), unitAt(end)];
    if (from === undefined || to === undefined) return null;
    if (score >= minScore) spans.push({ start: from, end: to, type: typeOf(entity_type) });
  }
  return spans.sort((one, other) => one.start - other.start || other.end - one.end);
}

/** Python counts code points. */
function unitsOf(text: string): (codePoint: number) => number | undefined {
  if (!/[\u{10000}-\u{10ffff}]/u.test(text)) {
    return (at) => (Number.isInteger(at) && at >= 0 && at <= text.length ? at : undefined);
  }
  const units = [0];
  for (const character of text) units.push((units.at(-1) ?? 0) + character.length);
  return (at) => units[at];
}

/** Names of Presidio (docs/supported_entities.md) by kind of token; another is an id. */
const TYPES: Readonly<Record<string, PersonalType>> = {
  PERSON: 'person',
  NRP: 'person',
  LOCATION: 'location',
  ADDRESS: 'address',
  DATE_TIME: 'date',
  EMAIL_ADDRESS: 'email',
  PHONE_NUMBER: 'phone',
  CREDIT_CARD: 'card',
  CRYPTO: 'crypto',
  IBAN_CODE: 'iban',
  IP_ADDRESS: 'ip',
  MAC_ADDRESS: 'device',
  MEDICAL_LICENSE: 'health_id',
  US_BANK_NUMBER: 'account',
  US_DRIVER_LICENSE: 'id_document',
  US_PASSPORT: 'id_document',
  US_ITIN: 'itin',
  US_SSN: 'ssn',
};

function typeOf(entity: string): PersonalType {
  return (Object.hasOwn(TYPES, entity) ? TYPES[entity] : undefined) ?? 'id';
}
