import * as z from 'zod';
import {
  type AccessEvent,
  amount,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  NO_FIGURES,
  NO_STATE,
  NO_VERDICTS,
  type Redacted,
  shownName,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  ignored_markers: z
    .array(z.string().min(1))
    .default([])
    .describe('Ids of markers that are everyday words in this deployment, as `role_marker`.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same markers in one session within this time are one finding.'),
});
type Config = z.output<typeof CONFIG>;

/** Words known from prompt injections in what an agent read: evidence, and never more. */
export default defineDetector<Config, Record<string, never>>({
  id: 'injection_marker',
  version: 1,
  status: 'test',
  title: 'Injection marker in content',
  family: 'novelty',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['content', 'injection', 'owasp.llm01', 'owasp.asi01', 'mitre.aml.t0051'],
  config: CONFIG,
  init: () => NO_STATE,
  parts: ['injection_markers'],
  // An agent that reads nothing cannot be led astray by it: no field would cure that.
  judges: () => null,
  observe({ injectionMarkers = {}, session, action, phase }, _state, { config }) {
    if (phase === 'proposed') return NO_VERDICTS;
    const found = Object.entries(injectionMarkers).filter(
      ([id]) => !config.ignored_markers.includes(id),
    );
    return found.length === 0 ? NO_VERDICTS : [verdictOn(found, session?.id, action, config)];
  },
});

function verdictOn(
  found: readonly (readonly [string, number])[],
  session: string | undefined,
  action: Redacted<AccessEvent>['action'],
  config: Config,
): DetectorVerdict {
  const ids = found.map(([id]) => shownName(id)).join(', ');
  const count = found.reduce((sum, [, times]) => sum + times, 0);
  const isStrong = found.length >= 2 || found.some(([id]) => STRONG.has(id));
  return {
    ...NO_FIGURES,
    level: isStrong ? 'medium' : 'low',
    score: isStrong ? 25 : 10,
    title: `${amount(count)} known ${count === 1 ? 'mark' : 'marks'} of prompt injection: ${ids}`,
    explanation:
      'Content of this call has words with which attackers try to command agents. Honest texts ' +
      'may have them too, so nothing follows from this alone; look at what the session does next.',
    measures: { markers: count, kinds: found.length },
    facts: { markers: ids, tool: shownName(action.name) },
    trip: null,
    held: 'below_threshold',
    dedupKey: `${session ?? ''}\n${ids}`,
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
}

/** Nobody writes these by chance. */
const STRONG: ReadonlySet<string> = new Set(['ignore_instructions', 'control_token']);
