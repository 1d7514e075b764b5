import { LIMITS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { isDeeperThan } from '../json-body.ts';
import { authZenFormat } from './authzen/format.ts';
import { cerbosFormat } from './cerbos/format.ts';
import { cloudEventsFormat } from './cloudevents/format.ts';
import { cloudTrailFormat } from './cloudtrail/format.ts';
import { refusal } from './draft.ts';
import { isObject } from './field-reader.ts';
import type { AuditFormat, MapContext, Mapped } from './format.ts';
import { kubernetesFormat } from './kubernetes/format.ts';
import { liteLlmFormat } from './litellm/format.ts';
import { nativeFormat } from './native/format.ts';
import { ocsfFormat } from './ocsf/format.ts';
import { opaFormat } from './opa/format.ts';
import { SHIPPED_PROFILES } from './profile/shipped.ts';
import { teleportFormat } from './teleport/format.ts';
import { vaultFormat } from './vault/format.ts';

/** Formats whose records are no envelope around others. */
const PLAIN: readonly AuditFormat[] = [
  nativeFormat,
  ...[vaultFormat, opaFormat(), cerbosFormat, kubernetesFormat, cloudTrailFormat],
  ...[teleportFormat, authZenFormat, ocsfFormat, liteLlmFormat],
  ...SHIPPED_PROFILES,
];

/** Every audit format by the name it has in `/v1/audit/{format}` and `--format`. */
export const AUDIT_FORMATS: ReadonlyMap<string, AuditFormat> = new Map(
  [cloudEventsFormat(formatIn(PLAIN)), ...PLAIN].map((format) => [format.name, format]),
);

/** Formats beside the built-in ones, such as profiles of the deployment's own. */
export function withFormats(more: readonly AuditFormat[]): ReadonlyMap<string, AuditFormat> {
  if (more.length === 0) return AUDIT_FORMATS;
  const plain = [...more, ...PLAIN];
  return new Map(
    [cloudEventsFormat(formatIn(plain)), ...plain].map((format) => [format.name, format]),
  );
}

function formatIn(formats: readonly AuditFormat[]): (value: unknown) => AuditFormat | null {
  return (value) => formats.find((format) => format.recognises(value)) ?? null;
}

/** The format that recognises a parsed record, or null. */
export function detectAuditFormat(
  value: unknown,
  formats: ReadonlyMap<string, AuditFormat> = AUDIT_FORMATS,
): AuditFormat | null {
  for (const format of formats.values()) if (format.recognises(value)) return format;
  return null;
}

/** What one parsed value came to, and the format it was taken for. */
export interface AuditResult {
  readonly format: AuditFormat | null;
  readonly mapped: readonly Mapped[];
}

/**
 * Maps one parsed value by a format's name, or by the one that recognises it (`auto`). An array is
 * mapped item by item. `receivedAt` stands in for the time of records that state none. Total: what
 * is no record is a reject at `position`.
 */
export function parseAuditValue(
  value: unknown,
  format: string,
  position: number,
  receivedAt?: EpochMs,
): readonly Mapped[] {
  const context = receivedAt === undefined ? { position } : { position, receivedAt };
  if (!Array.isArray(value)) return mapAuditValue(value, format, context, AUDIT_FORMATS).mapped;
  return value.flatMap((item) => mapAuditValue(item, format, context, AUDIT_FORMATS).mapped);
}

/** As `parseAuditValue`, for one value among the formats of a deployment. */
export function mapAuditValue(
  value: unknown,
  name: string,
  context: MapContext,
  formats: ReadonlyMap<string, AuditFormat>,
): AuditResult {
  const refused = (code: 'wrong_type' | 'too_deep' | 'unknown_format', message: string) => ({
    format: null,
    mapped: [refusal(context, code, '', message)],
  });
  if (!isObject(value)) return refused('wrong_type', 'a record is a JSON object');
  if (isDeeperThan(value, LIMITS.recordDepth)) {
    return refused('too_deep', `values nest at most ${LIMITS.recordDepth} levels deep`);
  }
  const format = name === 'auto' ? detectAuditFormat(value, formats) : formats.get(name);
  if (!format) return refused('unknown_format', 'no audit format recognises the record');
  return { format, mapped: format.map(value, context) };
}
