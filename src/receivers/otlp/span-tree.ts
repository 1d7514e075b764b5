import type { ReceivedEvent } from '../../core/access-event.ts';
import type { Steps } from '../steps.ts';
import { RECORDS_PER_STEP } from '../steps.ts';
import type { AttributeTable } from './attribute-table.ts';
import type { Mutable } from './facets.ts';
import { FieldValues } from './field-values.ts';
import type { Identity } from './identity.ts';
import { identityOf, inherit } from './identity.ts';
import type { SpanRecord } from './record.ts';

/** The call id of a tool call that states none, taken from the span that encloses its reports. */
export function spanCallId(spanId: string): string {
  return `span:${spanId}`;
}

/** Who encloses whom among the spans of one body. */
export class SpanTree {
  private readonly spans: readonly SpanRecord[];
  private readonly table: AttributeTable;
  /** By span id; built when first asked, for most bodies need none. */
  private byId: Map<string, SpanRecord> | null = null;
  private fields: FieldValues | null = null;
  private readonly reports = new Map<SpanRecord, Report>();

  constructor(spans: readonly SpanRecord[], table: AttributeTable) {
    this.spans = spans;
    this.table = table;
  }

  /** Adds what the enclosing spans say, nearest first, until one has named the agent. */
  complete(own: Identity, span: SpanRecord): Identity {
    this.fields ??= new FieldValues(this.table);
    let identity = own;
    let outer = this.parentOf(span);
    for (let hops = 0; outer !== undefined && hops < ENCLOSING_HOPS; hops++) {
      const { resource, scopeName } = outer.origin;
      this.fields.fill(resource.attributes, outer.attributes);
      const signal = { name: outer.name, eventName: '', scopeName, spanKind: 0, isLog: false };
      identity = inherit(identity, identityOf(this.fields, signal));
      if (identity.agentId !== undefined) break;
      outer = this.parentOf(outer);
    }
    return identity;
  }

  /**
   * One tool call is often traced twice: `execute_tool` by the framework, and inside it
   * `tools/call` by the MCP client and once more by the server. Where the inner span calls the
   * same tool and states no call id, or the outer one states none, both get one, so that the
   * engine counts the call once. One inner call joins each outer one: what is called again inside,
   * a retry say, is a call of its own.
   */
  *joinNestedCalls(events: readonly ReceivedEvent[], positions: readonly number[]): Steps<void> {
    const inner: number[] = [];
    for (let index = 0; index < events.length; index++) {
      if (events[index]?.kind !== 'tool_call') continue;
      if (this.parentOf(this.spans[positions[index] as number]) !== undefined) inner.push(index);
    }
    if (inner.length === 0) return;
    for (const [index, event] of events.entries()) {
      const span = this.spans[positions[index] as number] as SpanRecord;
      this.reports.set(span, { event, span, joined: false, taken: false });
      if (index % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
    }
    for (const [count, index] of inner.entries()) {
      if (count % RECORDS_PER_STEP === RECORDS_PER_STEP - 1) yield;
      const report = this.reports.get(this.spans[positions[index] as number] as SpanRecord);
      if (report !== undefined) this.join(report, 0);
    }
  }

  private join(call: Report, depth: number): void {
    if (call.joined || depth > ENCLOSING_HOPS) return;
    call.joined = true;
    const outer = this.enclosingCall(call);
    if (outer === undefined) return;
    // The outermost first, so that three reports of a call end with one id.
    this.join(outer, depth + 1);
    const inner = call.event.action;
    const outerId = outer.event.action.toolCallId;
    if (outerId !== undefined && inner.toolCallId !== undefined) return;
    const callId = outerId ?? inner.toolCallId ?? spanCallId(outer.span.spanId);
    outer.taken = true;
    setCallId(outer.event, callId);
    setCallId(call.event, callId);
  }

  /** The nearest enclosing call of the same tool that no other inner call has joined. */
  private enclosingCall({ event, span }: Report): Report | undefined {
    let outer = this.parentOf(span);
    for (let hops = 0; outer !== undefined && hops < ENCLOSING_HOPS; hops++) {
      const report = this.reports.get(outer);
      if (report?.event.kind === 'tool_call') {
        const { action, agent } = report.event;
        const same = action.name === event.action.name && agent.id === event.agent.id;
        return same && !report.taken ? report : undefined;
      }
      // What another run or model call begins is no report of this one.
      if (report !== undefined && report.event.kind !== 'data_access') return undefined;
      outer = this.parentOf(outer);
    }
    return undefined;
  }

  private parentOf(span: SpanRecord | undefined): SpanRecord | undefined {
    if (span === undefined || span.parentSpanId === '') return undefined;
    if (this.byId === null) {
      this.byId = new Map();
      for (const each of this.spans) this.byId.set(each.spanId, each);
    }
    const parent = this.byId.get(span.parentSpanId);
    return parent?.traceId === span.traceId && parent !== span ? parent : undefined;
  }
}

interface Report {
  readonly event: ReceivedEvent;
  readonly span: SpanRecord;
  /** Its own place has been looked for. */
  joined: boolean;
  /** An inner call has joined it. */
  taken: boolean;
}

function setCallId(event: ReceivedEvent, callId: string): void {
  (event.action as Mutable<ReceivedEvent['action']>).toolCallId = callId;
}

/** Agents call agents, but not this deep; it also ends a cycle of parents. */
const ENCLOSING_HOPS = 32;
