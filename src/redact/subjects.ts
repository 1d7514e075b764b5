import type { Subjects } from '../ports/subjects.ts';
import type { PseudonymKeys } from './pseudonym-keys.ts';
import type { SubjectRedactor } from './redactor.ts';
import type { SubjectStore } from './subject-store.ts';

/** Orders about single persons, over the file of their keys and the redactor's memory. */
export function createSubjects(options: {
  readonly store: SubjectStore;
  readonly keys: PseudonymKeys;
  readonly redactor: Pick<SubjectRedactor, 'tokensOf' | 'forget'>;
}): Subjects {
  const { store, keys, redactor } = options;
  return {
    tokensOf(tenant, identifier) {
      const tokens = redactor.tokensOf(tenant, identifier);
      return [...new Set([...tokens, ...store.identifiersOf(tenant, tokens)])];
    },
    holdings: (tenant, tokens) => store.holdings(tenant, tokens),
    erase(tenant, tokens) {
      const erased = store.erase(tenant, tokens);
      redactor.forget();
      return erased;
    },
    eraseTenant(tenant) {
      const erased = store.eraseTenant(tenant);
      keys.forget(tenant);
      redactor.forget();
      return erased;
    },
    anyHold: (tenant) => store.anyHold(tenant),
    reveal: (tenant, token) => store.reveal(tenant, token),
    hold: (tenant, tokens, reason) => store.hold(tenant, tokens, reason),
    release: (tenant, tokens) => store.release(tenant, tokens),
    heldBecause: (tenant, tokens) => store.heldBecause(tenant, tokens),
    rotate: (tenant, overlapMs) => keys.rotate(tenant, overlapMs),
  };
}
