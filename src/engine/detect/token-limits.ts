import type { JsonValue } from '../../core/access-event.ts';

/** What one object of limits allows; empty lists and null where it says nothing. */
export interface TokenLimits {
  readonly type: string;
  readonly actions: readonly string[];
  readonly locations: readonly string[];
  readonly tenants: readonly string[];
  readonly maxAmount: number | null;
  readonly currency: string | null;
}

const NONE: TokenLimits = {
  type: '',
  actions: [],
  locations: [],
  tenants: [],
  maxAmount: null,
  currency: null,
};

/**
 * Reads an object of `authorization_details` (RFC 9396 sections 2.2 and 7: `type`, `actions`,
 * `locations`, `instructedAmount`), or the constraints of a decision (`max_amount`, `currency`,
 * `tenant`). Members of other shapes are passed over.
 */
export function limitsOf(value: JsonValue | undefined): TokenLimits {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return NONE;
  const given = value as Readonly<Record<string, JsonValue>>;
  const money = objectAt(given, 'instructedAmount') ?? objectAt(given, 'amount') ?? given;
  return {
    type: textsAt(given, ['type'])[0] ?? '',
    actions: textsAt(given, ['actions', 'action', 'tools', 'tool']),
    locations: textsAt(given, ['locations', 'audience', 'aud', 'server']),
    tenants: textsAt(given, ['tenants', 'tenant', 'tenant_id']),
    maxAmount: numberAt(given, ['max_amount', 'maxAmount']) ?? numberAt(money, ['amount', 'value']),
    currency: textsAt(money, ['currency'])[0] ?? null,
  };
}

type Members = Readonly<Record<string, JsonValue>>;

function memberOf(members: Members, name: string): JsonValue | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function objectAt(members: Members, name: string): Members | null {
  const value = memberOf(members, name);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Members) : null;
}

function textsAt(members: Members, names: readonly string[]): readonly string[] {
  for (const name of names) {
    const value = memberOf(members, name);
    if (typeof value === 'string') return [value];
    if (Array.isArray(value)) return value.filter((one): one is string => typeof one === 'string');
  }
  return [];
}

/** Amounts of money travel as text too, lest they lose digits. */
function numberAt(members: Members, names: readonly string[]): number | null {
  for (const name of names) {
    const value = memberOf(members, name);
    const isNumeral = typeof value === 'string' && /^\d{1,15}(\.\d{1,4})?$/.test(value);
    const amount = isNumeral ? Number(value) : value;
    if (typeof amount === 'number' && Number.isFinite(amount) && amount >= 0) return amount;
  }
  return null;
}
