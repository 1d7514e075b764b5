import { REGISTRY } from '../components.ts';
import { type TripcoilConfig, tenantConfigOf } from '../config/load.ts';
import type { ReceivedEvent, Trust } from '../core/access-event.ts';
import type { Effect } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import { offlineRedactor } from '../offline.ts';
import { effectLine, type ReplaySummary, rejectLine, summaryLine } from './lines.ts';
import { agentKey, type FrozenState, OfflineFold } from './offline-fold.ts';
import { type InputFormat, readInput } from './read-input.ts';

export interface ReplayOptions {
  readonly inputs: readonly string[];
  readonly history: readonly string[];
  readonly format: InputFormat;
  readonly isolateSessions: boolean;
  readonly trust: Trust;
  /** Tenant of events that name none. */
  readonly defaultTenant: string;
  readonly config: TripcoilConfig;
  readonly grants: ReadonlyMap<string, GrantSet>;
  /** Takes one JSON line, without the line feed. */
  readonly write: (line: string) => Promise<void>;
}

type Counts = { -readonly [Name in keyof ReplaySummary]: number };

/** Runs files through the engine: rejects first, then the log in its order, then the summary. */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const startedAt = performance.now();
  const fold = new OfflineFold({
    shard: { registry: REGISTRY, initialPosture: 'enforce' },
    redactor: offlineRedactor(),
    sender: { name: 'replay', roles: ['ingest'], tenants: '*', trust: options.trust },
  });
  const counts: Counts = {
    events: 0,
    rejected: 0,
    agents: 0,
    findings: 0,
    transitions: 0,
    revocations: 0,
    wallMs: 0,
  };
  const history = await readInput(options.history, options.format, options.defaultTenant);
  const input = await readInput(options.inputs, options.format, options.defaultTenant);
  prepare(fold, options, [...history.events, ...input.events]);
  for (const event of history.events) fold.event(event, 0, true);
  for (const { reject, file } of input.rejects) {
    counts.rejected += 1;
    await options.write(rejectLine(reject, file));
  }
  const emit = async (effects: readonly Effect[]): Promise<void> => {
    for (const effect of effects) {
      counts[COUNTED[effect.kind]] += 1;
      await options.write(effectLine(effect));
    }
  };
  const frozen = options.isolateSessions ? fold.freeze() : null;
  const agents = new Set<string>();
  for (const run of runsOf(input.events, frozen, fold)) {
    for (const event of run) {
      agents.add(agentKey(event.tenantClaimed ?? '', event.agent.id));
      counts.events += 1;
      const effects = fold.event(event, 0, false);
      if ('code' in effects) counts.rejected += 1;
      else if (effects.length > 0) await emit(effects);
    }
  }
  counts.agents = agents.size;
  counts.wallMs = performance.now() - startedAt;
  await options.write(summaryLine(counts));
  return counts;
}

const COUNTED = {
  finding: 'findings',
  transition: 'transitions',
  revocation: 'revocations',
} as const;

/** Configuration and grants of every tenant that occurs, in the order of their names. */
function prepare(
  fold: OfflineFold,
  { config, grants }: ReplayOptions,
  events: readonly ReceivedEvent[],
): void {
  const tenants = new Set<string>([...grants.keys(), ...Object.keys(config.tenants)]);
  for (const { tenantClaimed } of events) if (tenantClaimed) tenants.add(tenantClaimed);
  for (const tenant of [...tenants].sort()) {
    fold.configure(tenant, tenantConfigOf(config, tenant));
    const granted = grants.get(tenant);
    if (granted) fold.grant(tenant, granted);
  }
}

/** One run with everything, or one a session, each from the same frozen start. */
function* runsOf(
  events: readonly ReceivedEvent[],
  frozen: FrozenState | null,
  fold: OfflineFold,
): Generator<readonly ReceivedEvent[]> {
  if (!frozen) {
    yield events;
    return;
  }
  const sessions = new Map<string, ReceivedEvent[]>();
  for (const event of events) {
    const key = `${event.tenantClaimed}\n${event.session?.id ?? event.id}`;
    const session = sessions.get(key);
    if (session) session.push(event);
    else sessions.set(key, [event]);
  }
  for (const session of sessions.values()) {
    const agents = session.map((event) => agentKey(event.tenantClaimed ?? '', event.agent.id));
    fold.thaw(frozen, [...new Set(agents)]);
    yield session;
  }
}
