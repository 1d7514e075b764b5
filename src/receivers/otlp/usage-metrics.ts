import { hash } from 'node:crypto';
import type { ReceivedEvent } from '../../core/access-event.ts';
import { LIMITS } from '../../core/limits.ts';
import { boundedId } from '../identifier.ts';
import type { AttributeTable } from './attribute-table.ts';
import { compileTable, FIELD } from './attribute-table.ts';
import { pair } from './event.ts';
import type { Mutable } from './facets.ts';
import { put } from './facets.ts';
import { FieldValues } from './field-values.ts';
import type { Identity } from './identity.ts';
import { identityOf, serviceAgent } from './identity.ts';
import type { MetricPoint, MetricsRead } from './metric-record.ts';
import { pointPath, USAGE_METRICS } from './metric-record.ts';
import type { Normalised } from './normalise.ts';
import { faultMessage } from './normalise.ts';

/** What became of one request of metrics. */
export interface UsageRead extends Normalised {
  /** Remembers the cumulative sums: to be called once the events are durable, not before. */
  commit(): void;
}

/**
 * Turns token and cost metrics of agents into model calls: one event per agent, session, model and
 * collection time, whatever number of calls it sums up. A service whose spans or log records have
 * told tokens within the last hour is left out, since its metrics repeat them; that is remembered
 * per sender and service, as are the last values of cumulative sums. All of it is bounded, and lost
 * with the process: the first sight of a long-running sum then only sets where to go on from.
 */
export class UsageMetrics {
  private readonly fields: FieldValues;
  private readonly sums = new Map<string, Sum>();
  private readonly told = new Map<string, number>();

  constructor(table: AttributeTable = compileTable()) {
    this.fields = new FieldValues(table);
  }

  /** Takes note of who tells tokens or cost by spans and log records. */
  observe(sender: string, events: readonly ReceivedEvent[]): void {
    for (const { kind, volume, source, agent, time } of events) {
      if (kind !== 'model_call' || volume === undefined) continue;
      if ((volume.tokensIn ?? volume.tokensOut ?? volume.costUsd) === undefined) continue;
      const key = JSON.stringify([sender, source.name ?? agent.id]);
      remember(this.told, key, Math.max(time, this.told.get(key) ?? 0), LIMITS.usageTellers);
    }
  }

  read(sender: string, { points, others }: MetricsRead): UsageRead {
    const next = new Map<string, Sum>();
    const result: UsageRead = {
      events: [],
      positions: [],
      rejects: [],
      ignored: others,
      commit: () => {
        for (const [key, sum] of next) remember(this.sums, key, sum, LIMITS.usageSums);
      },
    };
    const groups = new Map<string, Group>();
    for (const [position, point] of points.entries()) {
      const problem = point.problem ?? point.origin.resource.problem ?? faultOf(point);
      if (problem !== null) {
        const path = `${pointPath(point)}.${problem.field}`;
        const message = faultMessage(problem.code);
        result.rejects.push({ position, code: problem.code, path, message });
        continue;
      }
      if (!this.collect(sender, point, position, groups, next)) result.ignored++;
    }
    for (const group of groups.values()) {
      if (group.byMetric.size === 0) continue;
      result.events.push(eventOf(group));
      result.positions.push(group.position);
    }
    return result;
  }

  /** False when the point adds nothing: no agent, nothing new, or told by spans already. */
  private collect(
    sender: string,
    point: MetricPoint,
    position: number,
    groups: Map<string, Group>,
    next: Map<string, Sum>,
  ): boolean {
    const { fields } = this;
    fields.fill(point.origin.resource.attributes, point.attributes);
    const identity = identityOf(fields, NO_SIGNAL);
    const agentId = identity.agentId ?? serviceAgent(fields);
    if (agentId === undefined) return false;
    const added = this.added(sender, point, next);
    if (!(added > 0)) return false;
    const service = fields.peek(FIELD.serviceName);
    const told = this.told.get(JSON.stringify([sender, service ?? agentId]));
    if (told !== undefined && Math.abs(point.time.ms - told) <= LIMITS.usageToldMs) return false;
    const model = fields.text(FIELD.model);
    const key = JSON.stringify([sender, service, { ...identity, agentId }, model, point.time.ms]);
    const known = groups.get(key);
    const group = known ?? {
      ...{ key, position, point, identity: { ...identity, agentId }, service, model },
      name: fields.peek(FIELD.operationName) ?? 'chat',
      byMetric: new Map(),
    };
    if (known === undefined) groups.set(key, group);
    addTo(group, point, added);
    return true;
  }

  private added(sender: string, point: MetricPoint, next: Map<string, Sum>): number {
    if (point.temporality === 'none') return 0;
    if (point.temporality === 'delta') return point.value;
    const key = seriesKey(sender, point);
    const before = next.get(key) ?? this.sums.get(key);
    next.set(key, { startMs: point.start.ms, value: point.value });
    if (before === undefined) {
      const young = point.time.ms - point.start.ms <= LIMITS.latenessMs;
      return young ? point.value : 0;
    }
    const restarted = point.start.ms > before.startMs || point.value < before.value;
    return restarted ? point.value : point.value - before.value;
  }
}

interface Sum {
  readonly startMs: number;
  readonly value: number;
}

/** What one event sums up. */
interface Group {
  readonly key: string;
  readonly position: number;
  readonly point: MetricPoint;
  readonly identity: Identity & { readonly agentId: string };
  readonly service: string | undefined;
  readonly model: string | undefined;
  readonly name: string;
  /** Apart by metric: two names for one figure must not add up. */
  readonly byMetric: Map<string, Usage>;
}

interface Usage {
  tokensIn?: number;
  tokensOut?: number;
  costUsd?: number;
}

const NO_SIGNAL = { name: '', eventName: '', scopeName: '', spanKind: 0, isLog: true };

function faultOf(point: MetricPoint): MetricPoint['problem'] {
  if (point.time.ms === 0) return { code: 'missing_field', field: 'timeUnixNano' };
  const fits = Number.isNaN(point.value) || (point.value >= 0 && point.value <= LIMITS.volumeMax);
  return fits ? null : { code: 'out_of_range', field: 'value' };
}

function addTo(group: Group, point: MetricPoint, added: number): void {
  const member = memberOf(point);
  if (member === undefined) return;
  const usage = group.byMetric.get(point.name) ?? {};
  group.byMetric.set(point.name, usage);
  usage[member] = (usage[member] ?? 0) + added;
}

function memberOf({ name, attributes }: MetricPoint): keyof Usage | undefined {
  if (USAGE_METRICS.get(name) === 'cost') return 'costUsd';
  const { keys, values } = attributes;
  const at = keys.findLastIndex((key) => key === 'gen_ai.token.type' || key === 'type');
  return MEMBERS.get(String(values[at] ?? 'input'));
}

/**
 * Other types are parts of these (reasoning) or their sum. What Claude Code reads from a cache or
 * writes to it is left out of its log records and spans too; both ways must tell the same.
 */
const MEMBERS: ReadonlyMap<string, keyof Usage> = new Map<string, keyof Usage>([
  ['input', 'tokensIn'],
  ['prompt', 'tokensIn'],
  ['output', 'tokensOut'],
  ['completion', 'tokensOut'],
]);

function eventOf({ key, point, identity, service, model, name, byMetric }: Group): ReceivedEvent {
  const volume: Usage = {};
  for (const usage of byMetric.values()) {
    for (const member of ['tokensIn', 'tokensOut', 'costUsd'] as const) {
      const value = usage[member];
      if (value !== undefined) volume[member] = Math.max(value, volume[member] ?? 0);
    }
  }
  const event: Mutable<ReceivedEvent> = {
    v: 1,
    id: hash('sha256', JSON.stringify([key, point.start, volume])).slice(0, 32),
    time: point.time.ms,
    kind: 'model_call',
    phase: 'executed',
    source: { format: 'otlp.metrics', ...(service !== undefined && { name: service }) },
    agent: { id: identity.agentId },
    action: { name: boundedId(name), op: 'execute' },
    outcome: { status: 'unknown' },
    attrs: { 'otel.metric.names': [...byMetric.keys()].join(' ') },
  };
  put(event, 'tenantClaimed', identity.tenant);
  put(event, 'session', pair('id', identity.sessionId, 'conversationId', identity.conversationId));
  if (identity.principalSub !== undefined) event.principal = { sub: identity.principalSub };
  put(event, 'resource', model === undefined ? undefined : { type: 'model', id: boundedId(model) });
  event.volume = volume;
  return event;
}

function seriesKey(sender: string, { name, attributes, origin }: MetricPoint): string {
  const series = [sender, name, sorted(origin.resource.attributes), sorted(attributes)];
  return hash('sha256', JSON.stringify(series)).slice(0, 32);
}

function sorted({ keys, values }: MetricPoint['attributes']): readonly unknown[] {
  const pairs = keys.map((key, index): [string, unknown] => [key, values[index]]);
  return pairs.sort(([left], [right]) => (left < right ? -1 : 1));
}

/** Sets a key as the newest; the oldest goes when there are too many. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value, limit: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= limit) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
