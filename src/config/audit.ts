import * as z from 'zod';
import { LIMITS } from '../core/limits.ts';
import { listOf, type Report, recordOf } from './checking.ts';
import { type ParsedDocument, parseDocument } from './document.ts';
import { type Problem, pathText, unknownKey } from './problems.ts';
import type { Path } from './schema-path.ts';

/** How audit records are read beyond what is built in. */
export interface AuditConfig {
  /** Profiles of the deployment's own, parsed and sound. */
  readonly profiles: readonly unknown[];
  /** Where the policies of OPA have their input; a field that is missing keeps the usual places. */
  readonly opa: { readonly [Field in OpaField]?: readonly string[] };
  /** Tenants by audit format, then by account of the vendor. */
  readonly accounts: { readonly [format: string]: { readonly [account: string]: string } };
}

/** Lists what is wrong with a profile; injected, since formats belong to the receivers. */
export type CheckProfile = (
  document: unknown,
) => readonly { readonly path: Path; readonly message: string }[];

const identifier = z.string().min(1).max(LIMITS.identifierChars);
const pointers = z
  .array(
    z
      .string()
      .max(LIMITS.identifierChars)
      .regex(/^(?:\/(?:[^~/]|~[01])*)+$/)
      .meta({ title: 'a JSON pointer such as /input/user/id' }),
  )
  .min(1)
  .max(LIMITS.aliasesPerField)
  .optional();

const opa = {
  agent: pointers.describe('The agent.'),
  principal: pointers.describe('On whose behalf it acts.'),
  tenant: pointers.describe('The tenant.'),
  action: pointers.describe('The action.'),
  arguments: pointers.describe('Its arguments.'),
  resource_type: pointers.describe('What kind of thing it touches.'),
  resource_id: pointers.describe('Which one.'),
  resource_tenant: pointers.describe('Whose it is.'),
  session: pointers.describe('The session.'),
} as const;

const OPA_FIELDS = {
  agent: 'agent',
  principal: 'principal',
  tenant: 'tenant',
  action: 'action',
  arguments: 'arguments',
  resource_type: 'resourceType',
  resource_id: 'resourceId',
  resource_tenant: 'resourceTenant',
  session: 'session',
} as const satisfies Record<keyof typeof opa, string>;
type OpaField = (typeof OPA_FIELDS)[keyof typeof OPA_FIELDS];

/** The section `audit`, as written. */
export const AUDIT_SCHEMA = z.strictObject({
  profiles: z
    .array(z.union([z.string().min(1), z.record(z.string(), z.unknown())]))
    .max(LIMITS.auditProfiles)
    .default([])
    .describe(
      'Audit formats of your own: files, or profiles written here; see docs/audit-profiles.md. ' +
        'They are tried before the built-in formats.',
    ),
  opa: z
    .strictObject(opa)
    .prefault({})
    .describe(
      'Where decision logs of OPA carry what an event needs, for policies with an input of their ' +
        'own: JSON pointers from the top of the record; the first that leads somewhere counts. ' +
        'They replace the places of docs/formats/opa.md for that field.',
    ),
  accounts: z
    .record(z.string(), z.record(identifier, identifier))
    .prefault({})
    .describe(
      'Tenants by account of a vendor, such as `cloudtrail: { "111122223333": acme }`; the ' +
        'account is quoted. Without an entry an account names no tenant.',
    ),
});

/** The section with its files read; profiles that cannot be read are problems by then. */
export function auditConfigOf(
  { profiles, opa: given, accounts }: z.output<typeof AUDIT_SCHEMA>,
  readText: (path: string) => string | null,
): AuditConfig {
  const named = Object.entries(given).flatMap(([key, value]) =>
    value === undefined ? [] : [[OPA_FIELDS[key as keyof typeof OPA_FIELDS], value] as const],
  );
  return {
    profiles: profiles.map((profile) =>
      typeof profile === 'string' ? parsed(readText(profile) ?? '').value : profile,
    ),
    opa: Object.fromEntries(named),
    accounts,
  };
}

/** Names of the profiles in the section; whatever is no profile has none. */
export function profileNames(
  root: Record<string, unknown>,
  readText: (path: string) => string | null,
): readonly string[] {
  return profilesOf(root).flatMap((given) => {
    const document = typeof given === 'string' ? parsed(readText(given) ?? '').value : given;
    const name = recordOf(document)['profile'];
    return typeof name === 'string' ? [name] : [];
  });
}

interface Known {
  readonly formats: readonly string[];
  readonly checkProfile: CheckProfile;
}

/** What is wrong with `audit` beyond the form of its values. */
export function auditProblems(
  root: Record<string, unknown>,
  { formats, checkProfile }: Known,
  readText: (path: string) => string | null,
  { locate }: ParsedDocument,
  at: Report,
): readonly Problem[] {
  const taken = new Set(['auto', 'otlp', ...formats]);
  const profiles = profilesOf(root).flatMap((given, index) => {
    const path: Path = ['audit', 'profiles', index];
    const isFile = typeof given === 'string';
    const text = isFile ? readText(given) : null;
    if (isFile && text === null) return [at(path, 'cannot be read')];
    const document = isFile ? parsed(text ?? '') : null;
    const value = document === null ? given : document.value;
    const found = [
      ...(document?.problems ?? []).map((one) => at(path, placed(String(given), one))),
      ...checkProfile(value).map(({ path: inner, message }) => {
        if (document === null) return at([...path, ...inner], message);
        const place = document.locate(inner, 'value');
        return at(path, placed(String(given), { ...place, path: pathText(inner), message }));
      }),
    ];
    const name = recordOf(value)['profile'];
    if (typeof name !== 'string') return found;
    if (taken.has(name)) found.push(at(path, `has the name of another audit format, ${name}`));
    taken.add(name);
    return found;
  });
  const known = [...formats, ...profileNames(root, readText)];
  const accounts = Object.keys(recordOf(recordOf(root['audit'])['accounts'])).flatMap((name) =>
    known.includes(name) ? [] : [unknownKey(['audit', 'accounts', name], name, known, locate)],
  );
  return [...profiles, ...accounts];
}

function profilesOf(root: Record<string, unknown>): readonly unknown[] {
  return listOf(recordOf(root['audit'])['profiles']).slice(0, LIMITS.auditProfiles);
}

function parsed(text: string): ParsedDocument {
  return parseDocument(text, {}, null);
}

function placed(file: string, { line, column, path, message }: Problem): string {
  return `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
}
