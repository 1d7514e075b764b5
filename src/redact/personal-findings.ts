import type { AccessEvent } from '../core/access-event.ts';
import { LIMITS } from '../core/limits.ts';
import type { PersonalFinding, PersonalFindings } from '../ports/personal-findings.ts';
import { eachText, type Members } from './texts.ts';
import { everyToken, isShape, REDACTION_FAILED, withoutTokens } from './tokens.ts';

const FIELD_CHARS = 128;
const KIND = /^\[([a-z_]+)(?::([a-z_]+)\])?/;
/** Members that hold no sender's words, or that repeat what stands elsewhere. */
const SKIPPED: ReadonlySet<string> = new Set(['destinations', 'redactions', 'tenant']);

type Mutable = { -readonly [Name in keyof PersonalFinding]: PersonalFinding[Name] };

/** Counts what a redacted event holds in place of values, by where it stands. */
export interface PersonalFindingLog extends PersonalFindings {
  note(event: AccessEvent, redacted: Members): void;
}

/** Bounded by `LIMITS.personalFindings`; what finds no room is counted as untold. */
export function createPersonalFindings(): PersonalFindingLog {
  const findings = new Map<string, Mutable>();
  let untold = 0;

  function add(finding: Omit<PersonalFinding, 'count' | 'firstSeen' | 'lastSeen'>, time: number) {
    const { tenant, type, source, field, agent } = finding;
    const key = [tenant, type, source, field, agent].join('\u0000');
    const known = findings.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.firstSeen = Math.min(known.firstSeen, time);
      known.lastSeen = Math.max(known.lastSeen, time);
    } else if (findings.size >= LIMITS.personalFindings) untold += 1;
    else findings.set(key, { ...finding, count: 1, firstSeen: time, lastSeen: time });
  }

  return {
    get untold() {
      return untold;
    },
    list(tenants) {
      const keys = [...findings.keys()].sort();
      const all = keys.flatMap((key) => findings.get(key) ?? []);
      return all.filter(({ tenant }) => tenants === '*' || tenants.includes(tenant));
    },
    note({ tenant, source, time }, redacted) {
      const agent = agentOf(redacted);
      for (const [member, value] of Object.entries(redacted)) {
        if (SKIPPED.has(member)) continue;
        eachText(value, member, (text, path) => {
          if (!text.includes('[')) return;
          for (const { text: token, token: own } of everyToken(text)) {
            const type = own ? kindOf(token) : null;
            if (type === null) continue;
            const field = withoutTokens(path).slice(0, FIELD_CHARS);
            add({ tenant: tenant.id, type, source: source.format, field, agent }, time);
          }
        });
      }
    },
  };
}

function kindOf(token: string): string | null {
  const match = token === REDACTION_FAILED || isShape(token) ? null : KIND.exec(token);
  if (match === null) return null;
  return match[1] === 'secret' && match[2] !== undefined
    ? `secret:${match[2]}`
    : (match[1] ?? null);
}

function agentOf({ agent }: Members): string {
  const id = typeof agent === 'object' && agent !== null ? Reflect.get(agent, 'id') : undefined;
  return typeof id === 'string' ? id.slice(0, LIMITS.identifierChars) : REDACTION_FAILED;
}
