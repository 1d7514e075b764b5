import * as z from 'zod';
import {
  ACCESS_KINDS,
  type AccessEvent,
  type DetectorContext,
  type DetectorVerdict,
  defineDetector,
  MINUTE_MS,
  NO_FIGURES,
  NO_STATE,
  NO_VERDICTS,
  type NotJudged,
  type Redacted,
  shownName,
  wasDone,
} from '../src/sdk.ts';

const CONFIG = z.strictObject({
  regions: z
    .record(z.string().min(1), z.array(z.string().min(1)).min(1))
    .default({})
    .describe('Jurisdictions of regions of your own: `dc-north: [NO, EEA]`.'),
  dedup_minutes: z
    .number()
    .positive()
    .default(60)
    .describe('The same region in one session within this time is one finding.'),
});
type Config = z.output<typeof CONFIG>;
type Context = DetectorContext<Config>;
type Event = Redacted<AccessEvent>;

const NO_GRANTS_JURISDICTION: NotJudged = {
  field: 'grants.jurisdiction',
  cure: 'Name the jurisdiction of the agent or of the person in the grants file.',
};
const NO_RESOURCE_REGION: NotJudged = {
  field: 'resource.region',
  cure: 'Send where the resource lies, or list it.',
};
const NO_RESOURCE_REGION_KNOWN: NotJudged = {
  field: 'resource.region',
  cure: 'Say under `regions` of this detector in which jurisdiction this region lies.',
};

/** Data that lies outside the jurisdiction of the agent or of the person behind it. */
export default defineDetector<Config, Record<string, never>>({
  id: 'data_residency',
  version: 1,
  status: 'test',
  title: 'Data outside its jurisdiction',
  family: 'deterministic',
  scope: 'agent',
  defaultMode: 'shadow',
  tags: ['scope', 'privacy', 'gdpr.art44', 'attack.t1537'],
  config: CONFIG,
  init: () => NO_STATE,
  kinds: ACCESS_KINDS,
  judges(event, { config, grant, principalGrant, resourceFact }) {
    if (!grant?.jurisdiction && !principalGrant?.jurisdiction) {
      return NO_GRANTS_JURISDICTION;
    }
    const region = event.resource?.region ?? resourceFact?.region;
    if (region === undefined) {
      return NO_RESOURCE_REGION;
    }
    if (jurisdictionsOf(region, config) !== null) return null;
    return NO_RESOURCE_REGION_KNOWN;
  },
  observe(event, _state, context) {
    const { config, grant, principalGrant, resourceFact } = context;
    const region = event.resource?.region ?? resourceFact?.region ?? '';
    const lies = jurisdictionsOf(region, config) ?? [];
    for (const [whose, bound] of [
      ['agent', grant?.jurisdiction],
      ['person', principalGrant?.jurisdiction],
    ] as const) {
      if (bound === undefined || lies.includes(bound.toUpperCase())) continue;
      return [verdictOn(event, { whose, bound, region }, context)];
    }
    return NO_VERDICTS;
  },
});

/**
 * Countries of the unions that grants name: ISO 3166 codes, EU and EEA as of 2020. A country by
 * itself is its own jurisdiction.
 */
const EU = 'AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE';
const EEA_ONLY = 'IS LI NO';
const OTHERS =
  'AE AR AU BH BR CA CH CL CN CO GB HK ID IL IN JP KE KR MX MY NG NZ PH QA SA SG TH TR TW UA US ' +
  'VN ZA';

/** Region names of the large clouds that begin with no country or lie elsewhere than they say. */
const CLOUD: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^(eu-west-2|europe-west2|uk(south|west)|uk)$/, ['GB']],
  [/^(eu-central-2|europe-west6|switzerland(north|west))$/, ['CH']],
  [/^norway(east|west)$/, ['NO', 'EEA']],
  [/^(eu|europe)([-_].*)?$|^(west|north)europe$/, ['EU', 'EEA']],
  [/^(france|germany|sweden|italy|poland|spain|austria|belgium)\w*$/, ['EU', 'EEA']],
  [/^(us|usgov)([-_].*)?$|^(east|west|central|north|south|westcentral)*us\d?$/, ['US']],
  [/^(ca|canada|northamerica-northeast\d)([-_].*)?(central|east)?$/, ['CA']],
  [/^ap-northeast-[13]$|^japan\w*$|^asia-northeast[12]$/, ['JP']],
  [/^ap-northeast-2$|^korea\w*$|^asia-northeast3$/, ['KR']],
  [/^ap-southeast-1$|^southeastasia$|^asia-southeast1$/, ['SG']],
  [/^ap-southeast-[24]$|^australia\w*(-.*)?$/, ['AU']],
  [/^ap-south-[12]$|^(central|south|west)india$|^asia-south[12]$/, ['IN']],
  [/^ap-east-1$|^asia-east2$|^eastasia$/, ['HK']],
  [/^(sa-east-1|southamerica-east1|brazilsouth)$/, ['BR']],
  [/^cn-.*$|^china\w*$/, ['CN']],
  [/^il-central-1$|^me-west1$|^israelcentral$/, ['IL']],
  [/^me-central-1$|^uae(north|central)$/, ['AE']],
  [/^me-south-1$/, ['BH']],
  [/^af-south-1$|^southafrica\w*$|^africa-south1$/, ['ZA']],
];

const COUNTRIES = new Map<string, readonly string[]>([
  ...EU.split(' ').map((code) => [code, [code, 'EU', 'EEA']] as const),
  ...EEA_ONLY.split(' ').map((code) => [code, [code, 'EEA']] as const),
  ...OTHERS.split(' ').map((code) => [code, [code]] as const),
  ['EU', ['EU', 'EEA']],
  ['EEA', ['EEA']],
  ['UK', ['GB', 'UK']],
]);

/** Jurisdictions in which the region lies, or null where nobody told. */
function jurisdictionsOf(region: string, { regions }: Config): readonly string[] | null {
  if (Object.hasOwn(regions, region)) {
    return (regions[region] ?? []).map((name) => name.toUpperCase());
  }
  const country = COUNTRIES.get(region.toUpperCase());
  if (country) return country;
  if (region.length > REGION_CHARS) return null;
  const name = region.toLowerCase();
  const cloud = CLOUD.find(([pattern]) => pattern.test(name));
  if (cloud) return cloud[1];
  const head = /^([a-z]{2})[-_]/.exec(name)?.[1];
  return head === undefined ? null : (COUNTRIES.get(head.toUpperCase()) ?? null);
}

const REGION_CHARS = 64;

interface Breach {
  readonly whose: 'agent' | 'person';
  readonly bound: string;
  readonly region: string;
}

function verdictOn(
  event: Event,
  { whose, bound, region }: Breach,
  { config }: Context,
): DetectorVerdict {
  const tool = shownName(event.action.name);
  const done = wasDone(event);
  const common = {
    ...NO_FIGURES,
    facts: {
      ...{ tool, region: shownName(region), jurisdiction: shownName(bound), whose },
      operation: event.action.op,
    },
    dedupKey: [done ? 'done' : 'tried', event.session?.id ?? '', region, whose].join('\n'),
    dedupMs: config.dedup_minutes * MINUTE_MS,
  };
  if (!done) {
    return {
      ...common,
      level: 'low',
      score: 15,
      title: `Tried ${tool} in ${shownName(region)}, outside ${shownName(bound)}`,
      explanation: 'The call was not carried out; the attempt counts towards the risk.',
      trip: null,
      held: 'below_threshold',
    };
  }
  return {
    ...common,
    level: 'high',
    score: 65,
    title: `${tool} went to ${shownName(region)}, outside ${shownName(bound)}`,
    explanation:
      `The grants file binds this ${whose} to ${shownName(bound)}, and the resource lies ` +
      'elsewhere. Data may have crossed a border it must not cross.',
    trip: { key: 'session', level: 2 },
  };
}
