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
import { genericFormat, isGenericRecord } from './generic/format.ts';
import { kubernetesFormat } from './kubernetes/format.ts';
import { liteLlmFormat } from './litellm/format.ts';
import { nativeFormat } from './native/format.ts';
import { ocsfFormat } from './ocsf/format.ts';
import { OPA_POINTERS, type OpaPointers, opaFormat } from './opa/format.ts';
import { compileProfile } from './profile/profile.ts';
import type { ProfileDocument } from './profile/schema.ts';
import { SHIPPED_PROFILES } from './profile/shipped.ts';
import { teleportFormat } from './teleport/format.ts';
import { vaultFormat } from './vault/format.ts';

/** What a deployment adds to the built-in formats. */
export interface AuditSettings {
  /** Documents of its own profiles; they are tried first. */
  readonly profiles: readonly unknown[];
  /** Where its policies for OPA have their input. */
  readonly opa: Partial<OpaPointers>;
}

/**
 * The formats of a deployment by the name each has in `/v1/audit/{format}` and `--format`.
 * @throws TripcoilError `config_invalid` for a profile that is not sound.
 */
export function auditFormats(settings: AuditSettings): ReadonlyMap<string, AuditFormat> {
  // Formats whose records are no envelope around others.
  const plain: readonly AuditFormat[] = [
    ...settings.profiles.map((document) => compileProfile(document as ProfileDocument)),
    ...[nativeFormat, vaultFormat, opaFormat({ ...OPA_POINTERS, ...settings.opa }), cerbosFormat],
    ...[kubernetesFormat, cloudTrailFormat, teleportFormat, authZenFormat, ocsfFormat],
    ...[liteLlmFormat, ...SHIPPED_PROFILES, genericFormat],
  ];
  return new Map(
    [cloudEventsFormat(formatIn(plain)), ...plain].map((format) => [format.name, format]),
  );
}

/** Every built-in audit format. */
export const AUDIT_FORMATS = auditFormats({ profiles: [], opa: {} });

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

/** The format of this name, or for `auto` the one that recognises the value. */
export function auditFormatOf(
  value: unknown,
  name: string,
  formats: ReadonlyMap<string, AuditFormat>,
): AuditFormat | null {
  if (name !== 'auto') return formats.get(name) ?? null;
  return detectAuditFormat(value, formats) ?? (isGenericRecord(value) ? genericFormat : null);
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
  formats: ReadonlyMap<string, AuditFormat> = AUDIT_FORMATS,
): readonly Mapped[] {
  const context = receivedAt === undefined ? { position } : { position, receivedAt };
  if (!Array.isArray(value)) return mapAuditValue(value, format, context, formats).mapped;
  return value.flatMap((item) => mapAuditValue(item, format, context, formats).mapped);
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
  const format = auditFormatOf(value, name, formats);
  if (!format) return refused('unknown_format', 'no audit format recognises the record');
  return { format, mapped: format.map(value, context) };
}
