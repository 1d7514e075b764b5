import * as z from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { EngineView } from '../../ports/engine-view.ts';
import type {
  BusSourceView,
  IngestStatus,
  IntakeView,
  SourceView,
} from '../../ports/ingest-status.ts';
import { READERS, visibleTenants } from '../auth.ts';
import { timeText } from '../bodies.ts';
import type { IngestStatusBody, IntakeBody, SourceBody } from '../contract.ts';
import { IDENTIFIER } from '../parameters.ts';
import { defineRoute, type Route } from '../route.ts';
import { INGEST_STATUS } from '../schemas.ts';

export interface IngestStatusDependencies {
  readonly ingestStatus: IngestStatus;
  /** Topics being read, as of now. */
  readonly busSources: () => readonly BusSourceView[];
  readonly view: EngineView;
  readonly clock: Clock;
}

/** Half full: senders are still taken, but not for long. */
const FILLING = 0.5;
const AGENTS_NAMED = 3;

export function ingestStatusRoutes(dependencies: IngestStatusDependencies): readonly Route[] {
  const { ingestStatus, busSources, view, clock } = dependencies;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/ingest/status',
      summary: 'What arrives, what does not, and what would mend it.',
      access: READERS,
      query: z.strictObject({ tenant: IDENTIFIER.optional() }),
      answer: INGEST_STATUS,
      handle: ({ principal, query }): IngestStatusBody => {
        const tenants = visibleTenants(principal, query.tenant);
        const whole = principal.tenants === '*';
        const sees = (of: readonly string[]): boolean =>
          tenants === '*' || of.every((tenant) => tenants.includes(tenant));
        return {
          now: timeText(clock.now()),
          queue: queueBody(ingestStatus, whole),
          sources: ingestStatus.sources(tenants).map(sourceBody),
          intakes: ingestStatus.intakes(tenants).map(intakeBody),
          turned_away: whole ? ingestStatus.turnedAway().map((each) => ({ ...each })) : [],
          kafka: busSources()
            .filter((source) => sees(source.tenants))
            .map(({ name, topic, format, tenants: of, state, lag, partitions }) => ({
              ...{ name, topic, format, state, lag },
              tenants: [...of],
              partitions: [...partitions].map(([partition, lag]) => ({ partition, lag })),
            })),
          blind: blindBody(view, tenants),
        };
      },
    }),
  ];
}

function queueBody(status: IngestStatus, whole: boolean): IngestStatusBody['queue'] {
  const { length, capacity, overloaded, writable } = status.queue();
  const filling = length >= FILLING * capacity ? 'filling' : 'open';
  const state = overloaded ? 'refusing' : filling;
  return { state: writable ? state : 'unwritable', length: whole ? length : null, capacity };
}

function sourceBody(view: SourceView): SourceBody {
  const { sequence, silence } = view;
  return {
    tenant: view.tenant,
    id: view.id,
    name: view.name,
    format: view.format,
    credential: view.sender,
    trust: view.trust,
    state: view.state,
    per_second: view.perSecond,
    per_second_1h: view.perSecondHour,
    lag_ms: { p50: view.lagP50Ms, p99: view.lagP99Ms },
    first_seen: timeText(view.firstSeen),
    last_seen: timeText(view.lastSeen),
    watermark: timeText(view.watermark),
    accepted: view.accepted,
    duplicates: view.duplicates,
    sequence:
      sequence === null
        ? null
        : {
            ...sequence,
            gaps: sequence.gaps.map((gap) => ({ ...gap, since: timeText(gap.since) })),
          },
    silence: {
      since: silence.since === null ? null : timeText(silence.since),
      allowed_ms: silence.allowedMs,
      unjudged: silence.unjudged,
      longest_pause_ms: silence.longestPauseMs,
    },
  };
}

function intakeBody(view: IntakeView): IntakeBody {
  return {
    credential: view.sender,
    trust: view.trust,
    tenants: view.tenants === '*' ? ['*'] : [...view.tenants],
    format: view.format,
    accepted: view.accepted,
    ignored: view.ignored,
    quarantined: view.quarantined,
    rejected: view.rejected,
    last_at: view.lastAt === null ? null : timeText(view.lastAt),
    examples: view.examples.map((example) => ({ ...example, at: timeText(example.at) })),
    unknown_attributes: view.unknownAttributes,
    unattributed: view.unattributed.map(({ fixIn, ...rest }) => ({ ...rest, fix_in: fixIn })),
  };
}

/** Who is blind for want of which field: those that can act first, then by number of agents. */
function blindBody(view: EngineView, tenants: readonly string[] | '*'): IngestStatusBody['blind'] {
  const found = new Map<string, { -readonly [Key in keyof Blind]: Blind[Key] }>();
  for (const { agent, coverage } of view.agents(tenants)) {
    for (const { detector, mode, blind } of coverage) {
      if (blind === null) continue;
      const key = `${detector}\n${blind.field}`;
      const { field, cure } = blind;
      const known = found.get(key) ?? { detector, mode, field, cure, agents: 0, examples: [] };
      if (known.mode === 'shadow') known.mode = mode;
      known.agents += 1;
      if (known.examples.length < AGENTS_NAMED) known.examples = [...known.examples, agent];
      found.set(key, known);
    }
  }
  const inShadow = ({ mode }: Blind): number => Number(mode === 'shadow');
  return [...found.values()].sort((a, b) => inShadow(a) - inShadow(b) || b.agents - a.agents);
}

type Blind = IngestStatusBody['blind'][number];
