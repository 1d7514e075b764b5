import { type BreakerKey, breakerKeyText } from '../core/breaker.ts';
import type { CommittedEntry } from '../ports/evidence.ts';
import type { ExportOrder } from '../ports/exports.ts';

/** What this reads of a body. Bodies are JSON that the redactor has passed. */
interface Body {
  readonly inputSeq?: number;
  readonly decision?: {
    readonly id?: string;
    readonly agent?: string | null;
    readonly chain?: string;
    readonly alias?: string;
    /** Of a chain link, a text. */
    readonly key?: BreakerKey | string;
    readonly jti?: string;
  };
  readonly agent?: { readonly id?: string };
  readonly key?: BreakerKey;
  readonly jti?: string;
  readonly finding?: string;
  readonly approval?: string;
  readonly review?: string;
  readonly request?: { readonly chain?: string };
  readonly type?: string;
}

/**
 * Which entries of the log an export holds: the inputs asked for, what was decided because of them,
 * and, as the log goes on, what became of it: acknowledgements, orders of people, feedback.
 */
export class Selection {
  readonly #order: ExportOrder;
  readonly #tenants: ReadonlySet<string>;
  readonly #seqs: ReadonlySet<number>;
  readonly #chains: ReadonlySet<string>;
  readonly #findings: Set<string>;
  readonly #keys = new Set<string>();
  readonly #jtis = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #inputs = new Set<number>();

  constructor(order: ExportOrder) {
    const { subject } = order;
    this.#order = order;
    this.#tenants = new Set(order.tenants);
    this.#seqs = new Set(subject.type === 'inputs' ? subject.seqs : []);
    this.#chains = new Set(subject.type === 'inputs' ? subject.chains : []);
    this.#findings = new Set(subject.type === 'inputs' ? subject.findings : []);
  }

  /** To be asked of every entry of the span, in order. */
  takes(entry: CommittedEntry): boolean {
    if (!this.#tenants.has(entry.tenant)) return false;
    switch (entry.kind) {
      case 'input':
        return this.#takesInput(entry);
      case 'finding':
      case 'transition':
      case 'revocation':
      case 'chain':
        return this.#takesDecision(entry, bodyOf(entry));
      case 'command':
      case 'ack':
      case 'delivery':
        return this.#takesWord(entry, bodyOf(entry));
      default:
        return false;
    }
  }

  #takesInput(entry: CommittedEntry): boolean {
    const { subject } = this.#order;
    if (subject.type === 'inputs') {
      if (!this.#seqs.has(entry.seq)) return false;
    } else {
      const { agent, since, until } = subject;
      if (entry.loggedAt < since || entry.loggedAt >= until) return false;
      // Most are of others; those are not parsed.
      if (!entry.body.includes(JSON.stringify(agent))) return false;
      if (bodyOf(entry).agent?.id !== agent) return false;
    }
    this.#inputs.add(entry.seq);
    return true;
  }

  #takesDecision(entry: CommittedEntry, { inputSeq, decision = {} }: Body): boolean {
    const key = typeof decision.key === 'object' ? decision.key : null;
    const known =
      (inputSeq !== undefined && this.#inputs.has(inputSeq)) ||
      [decision.chain, decision.alias].some((id) => id !== undefined && this.#chains.has(id)) ||
      (decision.id !== undefined && this.#findings.has(decision.id)) ||
      (key !== null && this.#keys.has(breakerKeyText(key))) ||
      this.#isOfAgent(decision.agent, key, entry.loggedAt);
    if (!known) return false;
    if (entry.kind === 'finding' && decision.id !== undefined) this.#findings.add(decision.id);
    if (key !== null) this.#keys.add(breakerKeyText(key));
    if (decision.jti !== undefined) this.#jtis.add(decision.jti);
    return true;
  }

  #isOfAgent(agent: unknown, key: BreakerKey | null, loggedAt: number): boolean {
    const { subject } = this.#order;
    if (subject.type !== 'agent' || loggedAt >= subject.until || loggedAt < subject.since)
      return false;
    const own = key?.kind === 'agent' ? key.id : key?.agent;
    return agent === subject.agent || own === subject.agent;
  }

  #takesWord(entry: CommittedEntry, body: Body): boolean {
    const takes =
      (body.key !== undefined && this.#keys.has(breakerKeyText(body.key))) ||
      (body.jti !== undefined && this.#jtis.has(body.jti)) ||
      (body.finding !== undefined && this.#findings.has(body.finding)) ||
      (body.request?.chain !== undefined && this.#chains.has(body.request.chain)) ||
      [body.approval, body.review].some((id) => id !== undefined && this.#asked.has(id));
    // An approval and a review are known by the sequence of their question.
    if (takes) for (const prefix of ['a', 'r']) this.#asked.add(`${prefix}${entry.seq}`);
    return takes;
  }
}

function bodyOf({ body }: CommittedEntry): Body {
  return JSON.parse(body) as Body;
}
