import type { RedactionPolicy } from '../core/redaction-policy.ts';
import { GENERIC_ENTITIES } from '../redact/entities/generic.ts';
import { SHAPED_ENTITIES } from '../redact/entities/recognisers.ts';
import { modeOf } from '../redact/modes.ts';
import { PERSONAL_TYPES, personalTypeOf } from '../redact/tokens.ts';

interface DescribedType {
  readonly type: string;
  readonly mode: string;
  /** Entities of the table, and names of the tenant's own recognisers, that are looked for. */
  readonly entities: readonly string[];
}

/** A policy as `tripcoil redact policy` prints it: nothing is left to a default. */
export interface DescribedPolicy {
  readonly tenant: string;
  readonly types: readonly DescribedType[];
  /** What becomes of each class of keys. */
  readonly keys: Readonly<Record<string, string>>;
  readonly allowed_keys: readonly string[];
  readonly names: { readonly propagate: boolean; readonly gazetteer_names: number };
  readonly regions: readonly string[] | 'all';
  readonly recognisers: readonly Readonly<Record<string, unknown>>[];
}

/** The policy of a tenant, per type and per class of keys. */
export function describePolicy(policy: RedactionPolicy, tenant: string): DescribedPolicy {
  const { content, unknownKeys, allowedKeys, names, regions, recognisers } = policy;
  return {
    tenant,
    types: typesOf(policy),
    keys: { structural: 'scan', ...content, unknown_keys: unknownKeys, credentials: 'mask' },
    allowed_keys: allowedKeys,
    names: { propagate: names.propagate, gazetteer_names: names.gazetteer.length },
    regions: regions ?? 'all',
    recognisers: recognisers.map((rule) => ({
      ...{ name: rule.name, entity: rule.entity, pattern: rule.pattern, keywords: rule.keywords },
      ...{ keyword_distance: rule.keywordDistance, validator: rule.validator },
      max_length: rule.maxLength,
    })),
  };
}

function typesOf(policy: RedactionPolicy): readonly DescribedType[] {
  const { regions, recognisers } = policy;
  const table = [...GENERIC_ENTITIES, ...SHAPED_ENTITIES].filter(
    ({ region }) => regions === null || region === 'any' || regions.includes(region),
  );
  const own = recognisers.map(({ entity }) => entity).filter((entity) => entity !== 'secret');
  const types = [...new Set<string>([...PERSONAL_TYPES, ...own, 'secret'])];
  return types.map((type) => ({
    type,
    mode: modeOf(policy, personalTypeOf(type) ?? 'secret'),
    entities: [
      ...table.filter((entity) => entity.type === type).map(({ id }) => id),
      ...recognisers.filter(({ entity }) => entity === type).map(({ name }) => name),
    ],
  }));
}

/** The same for people. */
export function policyTable(described: DescribedPolicy): string {
  const { tenant, types, keys, allowed_keys, names, regions, recognisers } = described;
  const section = (title: string, rows: readonly (readonly [string, string])[]) =>
    [`${title}\n`, ...rows.map(([name, text]) => `  ${name.padEnd(28)} ${text}\n`), '\n'].join('');
  const listed = (texts: readonly string[]) => (texts.length === 0 ? '' : `  ${texts.join(', ')}`);
  const conditions = (rule: Readonly<Record<string, unknown>>) =>
    `${rule['entity']}  ${rule['pattern']}` +
    listed([rule['validator'], ...[rule['keywords']].flat()].filter(Boolean).map(String));
  return [
    `tenant ${tenant}\n\n`,
    section(
      'type, mode and what is looked for',
      types.map(({ type, mode, entities }) => [type, `${mode.padEnd(18)}${listed(entities)}`]),
    ),
    section('class of keys', Object.entries(keys)),
    section('beside', [
      ['allowed_keys', allowed_keys.join(', ') || 'none'],
      ['names.propagate', names.propagate ? 'yes' : 'no'],
      ['names.gazetteer', `${names.gazetteer_names} names`],
      ['regions', regions === 'all' ? 'all' : regions.join(', ')],
    ]),
    section(
      'own recognisers',
      recognisers.map((rule) => [String(rule['name']), conditions(rule)]),
    ),
  ].join('');
}
