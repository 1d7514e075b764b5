import { REGISTRY } from '../components.ts';
import { type TripcoilConfig, tenantConfigOf } from '../config/load.ts';
import type { ReceivedEvent, Trust } from '../core/access-event.ts';
import { SYSTEM_TENANT } from '../core/entry.ts';
import type { GrantSet } from '../core/grant.ts';
import type { Registry } from '../engine/registry.ts';
import { offlineRedactor, offlineVerifier } from '../offline.ts';
import { tenantOfAccountIn } from '../receivers/audit/accounts.ts';
import { auditFormats } from '../receivers/audit/formats.ts';
import { type PresentedToken, readToken } from '../runtime/presented-token.ts';
import { effectLine, type ReplaySummary, rejectLine, summaryLine } from './lines.ts';
import { agentKey, type FrozenState, OfflineFold } from './offline-fold.ts';
import { type Input, type InputEvent, type InputFormat, readInput } from './read-input.ts';

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
  /** In place of the detectors of this build. */
  readonly registry?: Registry;
  /** Takes one JSON line, without the line feed. */
  readonly write: (line: string) => Promise<void>;
}

type Counts = { -readonly [Name in keyof ReplaySummary]: number };

/** Runs files through the engine: rejects first, then the log in its order, then the summary. */
export async function replay(options: ReplayOptions): Promise<ReplaySummary> {
  const startedAt = performance.now();
  const { format, defaultTenant } = options;
  const { aliases, audit } = options.config;
  const reading = {
    aliases,
    formats: auditFormats(audit),
    tenantOfAccount: tenantOfAccountIn(audit.accounts),
  };
  const history = await readInput(options.history, format, defaultTenant, reading);
  const input = await readInput(options.inputs, format, defaultTenant, reading);
  const counts = { ...NOTHING, rejectedHistory: history.rejects.length };
  for (const ignored of input.ignored.values()) counts.ignored += ignored;
  await writeRejects(input, counts, options);

  const fold = new OfflineFold({
    shard: { registry: options.registry ?? REGISTRY, initialPosture: 'enforce' },
    redactor: offlineRedactor(options.config),
    sender: { name: 'replay', roles: ['ingest'], tenants: '*', trust: options.trust },
  });
  const tokens = await readEvery([...history.events, ...input.events], options);
  prepare(fold, options, [...history.events, ...input.events]);
  for (const { event, line } of history.events) fold.event(event, line, true, tokens.get(event));
  const frozen = options.isolateSessions ? fold.freeze() : null;
  for (const run of runsOf(input.events, frozen, fold, tokens)) {
    for (const read of run) await judge(fold, read, counts, options, tokens);
  }
  const keys = input.events.map(({ event }) => keyOfAgent(event, tokens.get(event)));
  counts.agents = new Set(keys).size;
  counts.wallMs = performance.now() - startedAt;
  await options.write(summaryLine(counts));
  return counts;
}

/** What was read of the tokens of events; of the few that have one. */
type Tokens = ReadonlyMap<ReceivedEvent, PresentedToken>;

/** Without the network: keys behind a URL are not to be had. */
async function readEvery(
  events: readonly InputEvent[],
  { config, trust }: ReplayOptions,
): Promise<Tokens> {
  const verifier = offlineVerifier(config);
  const tokens = new Map<ReceivedEvent, PresentedToken>();
  for (const { event } of events) {
    if (event.jwt === undefined) continue;
    const sender = { name: 'replay', roles: ['ingest'], tenants: '*', trust } as const;
    const token = await readToken(verifier, event, sender);
    if (token !== null) tokens.set(event, token);
  }
  return tokens;
}

const NOTHING: Counts = {
  events: 0,
  rejected: 0,
  ignored: 0,
  agents: 0,
  findings: 0,
  transitions: 0,
  revocations: 0,
  rejectedHistory: 0,
  wallMs: 0,
};

async function writeRejects(
  { rejects }: Input,
  counts: Counts,
  { write }: ReplayOptions,
): Promise<void> {
  for (const { reject, file } of rejects) {
    counts.rejected += 1;
    await write(rejectLine(reject, file));
  }
}

async function judge(
  fold: OfflineFold,
  { event, file, line }: InputEvent,
  counts: Counts,
  { write }: ReplayOptions,
  tokens: Tokens,
): Promise<void> {
  const effects = fold.event(event, line, false, tokens.get(event));
  if ('code' in effects) {
    counts.rejected += 1;
    await write(rejectLine(effects, file));
    return;
  }
  counts.events += 1;
  for (const effect of effects) {
    // Which records are one request is not a decision about an agent.
    if (effect.kind === 'chain') continue;
    counts[COUNTED[effect.kind]] += 1;
    await write(effectLine(effect));
  }
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
  events: readonly InputEvent[],
): void {
  const tenants = new Set<string>([...grants.keys(), ...Object.keys(config.tenants)]);
  for (const { event } of events) if (event.tenantClaimed) tenants.add(event.tenantClaimed);
  // What holds for any tenant comes first: a tenant takes it over when it is first mentioned.
  tenants.delete(SYSTEM_TENANT);
  for (const tenant of [SYSTEM_TENANT, ...[...tenants].sort()]) {
    fold.configure(tenant, tenantConfigOf(config, tenant));
    const granted = grants.get(tenant);
    if (granted) fold.grant(tenant, granted);
  }
}

/** One run with everything, or one a session, each from the same frozen start. */
function* runsOf(
  events: readonly InputEvent[],
  frozen: FrozenState | null,
  fold: OfflineFold,
  tokens: Tokens,
): Generator<readonly InputEvent[]> {
  if (!frozen) {
    yield events;
    return;
  }
  for (const session of Map.groupBy(events, sessionOf).values()) {
    const named = session.map(({ event }) => fold.keyOf(event, tokens.get(event)));
    fold.thaw(frozen, [...new Set(named)]);
    yield session;
  }
}

/** An event without a session is a session of its own. */
function sessionOf({ event }: InputEvent): string {
  const { tenantClaimed, session, id } = event;
  const own = session?.id === undefined ? `event\n${id}` : `session\n${session.id}`;
  return `${tenantClaimed}\n${own}`;
}

function keyOfAgent({ tenantClaimed, agent }: ReceivedEvent, token?: PresentedToken): string {
  return agentKey(tenantClaimed ?? '', token?.reading.assertions.agent ?? agent.id);
}
