import * as z from 'zod';
import {
  type AccessEvent,
  createRecentTable,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  hashNumber,
  keepRecent,
  MINUTE_MS,
  NO_VERDICTS,
  type RecentTable,
  type Redacted,
  recallRecent,
  SECOND_MS,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  together_seconds: z
    .number()
    .positive()
    .default(60)
    .describe('Time within which a token goes back to a place it had left, to be in two at once.'),
  returns: z
    .int()
    .min(1)
    .default(2)
    .describe('How often it must go back and forth, for one return may be a change of network.'),
  places: z
    .int()
    .min(2)
    .max(6)
    .default(3)
    .describe('More places than this are a pool of addresses, which tells nothing.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same token within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

/** Where one token was used lately: hash of the place and latest time, the last place first. */
interface Places {
  readonly seen: readonly (readonly [place: number, until: number])[];
  readonly returns: number;
}

interface State {
  readonly tokens: RecentTable<Places>;
}

/** One token used by one agent in two places at the same time. */
export default defineDetector<Config, State>({
  id: 'impossible_concurrency',
  version: 1,
  status: 'experimental',
  title: 'One token in two places',
  family: 'statistical',
  scope: 'tenant',
  defaultMode: 'shadow',
  tags: ['token', 'attack.t1550', 'owasp.asi03'],
  config: CONFIG,
  kinds: ['tool_call', 'data_access', 'admin', 'token_use', 'model_call'],
  init: () => ({ tokens: createRecentTable() }),
  judges(event) {
    if (event.token?.jti === undefined) {
      return { field: 'token.jti', cure: 'Send the token of each call, or its jti.' };
    }
    if (placeOf(event) !== null) return null;
    return {
      field: 'net.client_ip',
      cure: 'Send net.client_ip, so that the same token in two places can be told.',
    };
  },
  observe(event, { tokens }, context) {
    const { config, counted, added } = context;
    const place = placeOf(event);
    const { jti, failure, iss = '' } = event.token ?? {};
    const isUse = event.phase === 'executed' && failure === undefined;
    if (jti === undefined || place === null || !counted || added.calls === 0 || !isUse)
      return NO_VERDICTS;
    // Whoever passes it on is another agent: that is for token_replay.
    const key = `${iss}\n${jti}\n${event.agent.id}\n${event.source.deliveredBy}`;
    const known = recallRecent(tokens, key) ?? NOWHERE;
    const next = movedTo(place, event.time, known, config);
    keepRecent(tokens, key, next, 'tenant');
    const isTold = next.returns > known.returns && next.returns >= config.returns;
    if (!isTold || next.seen.length > config.places) return NO_VERDICTS;
    return [verdictOn(event, jti, next, context)];
  },
});

const NOWHERE: Places = { seen: [], returns: 0 };

/** A workload has one identity, wherever it runs; without one, the address tells. */
function placeOf({ clientIp, agent }: Event): number | null {
  if (clientIp === undefined) return null;
  return hashNumber(`${clientIp}\n${agent.workloadId ?? ''}`);
}

function movedTo(place: number, time: number, { seen, returns }: Places, config: Config): Places {
  const [last] = seen;
  const before = seen.find(([other]) => other === place);
  const until = Math.max(time, before?.[1] ?? 0);
  const others = seen.filter(([other]) => other !== place).slice(0, config.places);
  const moved = [[place, until] as const, ...others];
  if (last === undefined || last[0] === place) return { seen: moved, returns };
  const isBack = before !== undefined && time - before[1] <= config.together_seconds * SECOND_MS;
  if (isBack) return { seen: moved, returns: returns + 1 };
  return { seen: moved, returns: before === undefined ? returns : 0 };
}

function verdictOn(event: Event, jti: string, places: Places, context: Context): DetectorVerdict {
  const { config } = context;
  const count = places.seen.length;
  return {
    level: 'high',
    score: 65,
    actual: count,
    typical: 1,
    probability: null,
    title: `One token was used in ${count} places at the same time`,
    explanation:
      `Within ${config.together_seconds} seconds the calls with this token came from one ` +
      `address, from another, and from the first again, ${places.returns} times: two users hold ` +
      'it. A person should approve what the session does next; revoke the token if nobody can ' +
      'explain it.',
    measures: { places: count, returns: places.returns },
    facts: { tool: shownName(event.action.name) },
    trip: { key: 'session', level: 2 },
    dedupKey: jti,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}
