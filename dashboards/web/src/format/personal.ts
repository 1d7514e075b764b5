import type { PersonalFindingBody } from '../../../../src/api/contract.ts';
import { spaced } from './reason.ts';

const SECRET = 'secret:';

export function isSecret(type: string): boolean {
  return type.startsWith(SECRET);
}

/** `github token` for `secret:github_token`; the chip beside it says that it is a secret. */
export function typeInWords(type: string): string {
  return spaced(isSecret(type) ? type.slice(SECRET.length) : type);
}

export interface TypeTotal {
  readonly type: string;
  readonly count: number;
  /** In how many places (source, field and agent) it was met. */
  readonly places: number;
}

/** Each type once: secrets first, then the most frequent. */
export function typeTotals(rows: readonly PersonalFindingBody[]): readonly TypeTotal[] {
  const totals = new Map<string, { type: string; count: number; places: number }>();
  for (const { type, count } of rows) {
    const total = totals.get(type) ?? { type, count: 0, places: 0 };
    total.count += count;
    total.places += 1;
    totals.set(type, total);
  }
  return [...totals.values()].sort(gravestFirst);
}

/** Order of types and of rows: secrets first, then the most frequent, then by name. */
export function gravestFirst(
  left: Pick<TypeTotal, 'type' | 'count'>,
  right: Pick<TypeTotal, 'type' | 'count'>,
): number {
  return (
    Number(isSecret(right.type)) - Number(isSecret(left.type)) ||
    right.count - left.count ||
    left.type.localeCompare(right.type, 'en')
  );
}
