import { LIMITS } from '../core/limits.ts';
import type { Identifiers } from '../ports/identifiers.ts';
import type { SubjectStore } from './subject-store.ts';
import { everyToken, tokensIn } from './tokens.ts';

/** The sealed directory of identifiers needed to revoke: what the redactor writes to it. */
export interface IdentifierDirectory extends Identifiers {
  /** Whether the plain form of this identifier is kept already, so far as is remembered. */
  knows(tenant: string, token: string): boolean;
  /** Seals a plain form; it is on disk after the store's next flush. */
  keep(tenant: string, token: string, subjects: readonly string[], plain: string): void;
  /** Forgets what is in memory, as an erasure or a failed write asks for. */
  forget(): void;
}

/** What is resolved is remembered in plain, in memory alone and bounded. */
export function createIdentifierDirectory(
  store: Pick<SubjectStore, 'keepIdentifier' | 'identifier'>,
): IdentifierDirectory {
  /** Plain forms by tenant and token; null for those that nobody can tell. */
  const resolved = new Map<string, string | null>();
  let erasures = 0;

  function remember(name: string, plain: string | null): void {
    if (resolved.size >= LIMITS.rememberedIdentifiers) resolved.clear();
    resolved.set(name, plain);
  }

  function lookUp(tenant: string, token: string): string | null {
    const name = `${tenant}\u0000${token}`;
    const known = resolved.get(name);
    if (known !== undefined) return known;
    try {
      const plain = store.identifier(tenant, token);
      remember(name, plain);
      return plain;
    } catch {
      return null;
    }
  }

  return {
    get erasures() {
      return erasures;
    },
    knows: (tenant, token) => typeof resolved.get(`${tenant}\u0000${token}`) === 'string',
    keep(tenant, token, subjects, plain) {
      store.keepIdentifier(tenant, token, subjects, plain);
      remember(`${tenant}\u0000${token}`, plain);
    },
    plainOf(tenant, id) {
      if (!everyToken(id).some(({ token }) => token)) return id;
      const whole = lookUp(tenant, id);
      if (whole !== null) return whole;
      // A chain's id has its kind before it, and a tool's the agent's.
      let out = id;
      for (const { text } of tokensIn(id)) {
        if (text === id) return null;
        const part = lookUp(tenant, text);
        if (part === null) return null;
        out = out.replace(text, () => part);
      }
      return everyToken(out).some(({ token }) => token) ? null : out;
    },
    forget() {
      resolved.clear();
      erasures += 1;
    },
  };
}
