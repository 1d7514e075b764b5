import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type AgentGrant,
  amount,
  DAY_MS,
  type DetectorVerdict,
  defineDetector,
  hashOf,
  matchesGlob,
  NO_VERDICTS,
  type NotJudged,
  type Redacted,
  shownName,
  wentThrough,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  unused_days: z
    .number()
    .min(1)
    .default(60)
    .describe('Days without use after which a granted tool or scope is up for review.'),
  again_days: z
    .number()
    .min(1)
    .default(30)
    .describe('Days after which what is unused is told again.'),
});
type Config = z.output<typeof CONFIG>;

/** Rights of the grant used so far, as pairs of a hash and the latest day. */
interface State {
  readonly used: number[];
  /** What was already noted today, so that each tool is looked up once a day. */
  readonly today: number[];
  day: number;
  /** First day under this grant, and what the grant was. */
  since: number;
  grant: number;
  toldDay: number;
}

const NO_GRANT: NotJudged = {
  field: 'grants.agents',
  cure: 'Register the agent with the tools or scopes that it may use.',
};

/** Rights that were granted and are not used: they can only be misused. */
export default defineDetector<Config, State>({
  id: 'unused_grant',
  version: 1,
  status: 'test',
  title: 'Unused grant',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'least-privilege', 'owasp.llm06', 'nist.ac-6'],
  config: CONFIG,
  init: () => ({ ...{ used: [], today: [], day: -1, since: -1 }, grant: 0, toldDay: -1 }),
  kinds: ACCESS_KINDS,
  judges: (_event, { grant }) => (grant?.tools || grant?.scopes ? null : NO_GRANT),
  observe(event, state, { config, grant, counted }) {
    if (!counted || grant === null || !wentThrough(event)) return NO_VERDICTS;
    const day = Math.floor(event.time / DAY_MS);
    const isNewDay = day !== state.day;
    if (isNewDay) turnDay(state, grant, day);
    note(event, state, grant, day);
    if (!isNewDay || day - state.since < config.unused_days) return NO_VERDICTS;
    if (state.toldDay >= 0 && day - state.toldDay < config.again_days) return NO_VERDICTS;
    const unused = unusedOf(state, grant, day - config.unused_days);
    if (unused.length === 0) return NO_VERDICTS;
    state.toldDay = day;
    return [verdictOn(unused, grant, config)];
  },
});

const TOOL = hashOf('tool');
const SCOPE = hashOf('scope');
/** Rights of one grant that are followed; the rest of a longer list is not judged. */
const RIGHTS = 64;
const TODAY = 32;

/** A grant that changed is a new one: its rights get their time from now. */
function turnDay(state: State, grant: AgentGrant, day: number): void {
  state.day = day;
  state.today.length = 0;
  const now = hashOf([...(grant.tools ?? []), '\n', ...(grant.scopes ?? [])].join('\n')).low;
  if (now === state.grant && state.since >= 0 && state.since <= day) return;
  state.grant = now;
  state.since = day;
  state.toldDay = -1;
}

function note(event: Redacted<AccessEvent>, state: State, grant: AgentGrant, day: number): void {
  const tool = event.action.name;
  if (isFirstToday(state, hashOf(tool, TOOL).low)) {
    for (const glob of (grant.tools ?? []).slice(0, RIGHTS))
      if (matchesGlob(glob, tool)) use(state, hashOf(glob, TOOL).low, day);
  }
  for (const scope of event.scopes?.required ?? []) {
    if (!isFirstToday(state, hashOf(scope, SCOPE).low)) continue;
    for (const glob of (grant.scopes ?? []).slice(0, RIGHTS))
      if (matchesGlob(glob, scope)) use(state, hashOf(glob, SCOPE).low, day);
  }
}

function isFirstToday({ today }: State, hash: number): boolean {
  if (today.includes(hash)) return false;
  if (today.length < TODAY) today.push(hash);
  return true;
}

function use({ used }: State, right: number, day: number): void {
  for (let at = 0; at < used.length; at += 2) {
    if (used[at] !== right) continue;
    used[at + 1] = day;
    return;
  }
  if (used.length >= 4 * RIGHTS) used.splice(0, 2);
  used.push(right, day);
}

/** Names as the grant has them. Scopes are judged only where some call names the ones it needs. */
function unusedOf({ used }: State, grant: AgentGrant, oldest: number): readonly string[] {
  const isUsed = (right: number): boolean => {
    for (let at = 0; at < used.length; at += 2)
      if (used[at] === right) return (used[at + 1] ?? 0) >= oldest;
    return false;
  };
  const tools = (grant.tools ?? []).slice(0, RIGHTS);
  const scopes = (grant.scopes ?? []).slice(0, RIGHTS);
  const usedScopes = scopes.filter((glob) => isUsed(hashOf(glob, SCOPE).low));
  return [
    ...tools.filter((glob) => !isUsed(hashOf(glob, TOOL).low)),
    ...(usedScopes.length === 0 ? [] : scopes.filter((glob) => !usedScopes.includes(glob))),
  ];
}

const NAMED = 5;

function verdictOn(
  unused: readonly string[],
  { tools = [], scopes = [] }: AgentGrant,
  { unused_days, again_days }: Config,
): DetectorVerdict {
  const granted = tools.length + scopes.length;
  const rights = `${amount(unused.length)} of ${amount(granted)}`;
  const named = unused.slice(0, NAMED).map(shownName).join(', ');
  const more = unused.length > NAMED ? ` and ${amount(unused.length - NAMED)} more` : '';
  return {
    level: 'low',
    score: 10,
    actual: unused.length,
    typical: null,
    probability: null,
    title: `${rights} granted rights unused for ${unused_days} days`,
    explanation:
      `This agent works, and does so without ${named}${more}. Rights that nobody uses are missed ` +
      'only by an intruder: take them out of its grant, or say why they must stay.',
    measures: { unused: unused.length, granted },
    facts: { unused: `${named}${more}` },
    trip: null,
    held: 'below_threshold',
    dedupKey: 'unused',
    dedupMs: again_days * DAY_MS,
  };
}
