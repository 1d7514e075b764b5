import { isReject } from '../format.ts';
import { AUDIT_FORMATS, mapAuditValue } from '../formats.ts';

/** A recorded audit event: the type its collection filed it under, and the record. */
interface Filed {
  readonly logType: string | null;
  readonly log: unknown;
}

interface TypeCoverage {
  records: number;
  /** At least one event came out, with the time of receipt where the record states none. */
  mapped: number;
  /** The same without a time of receipt, as in replay. */
  timed: number;
  tenant: number;
  denied: number;
  readonly formats: Map<string, number>;
  readonly refused: Map<string, number>;
}

/** How much of a collection of audit events the formats take. */
export interface Coverage {
  readonly records: number;
  readonly mapped: number;
  readonly timed: number;
  readonly recognisedTwice: number;
  readonly refused: ReadonlyMap<string, number>;
  readonly types: ReadonlyMap<string, TypeCoverage>;
}

/** Maps every event by auto-detection and counts what came out, by log type. */
export function coverageOf(events: readonly Filed[]): Coverage {
  const types = new Map<string, TypeCoverage>();
  const refused = new Map<string, number>();
  let recognisedTwice = 0;
  for (const { logType, log } of events) {
    const type = typeOf(types, logType ?? '?');
    type.records++;
    const recognised = [...AUDIT_FORMATS.values()].filter((format) => format.recognises(log));
    if (recognised.length > 1) recognisedTwice++;
    const context = { position: 0, receivedAt: 1_000 };
    const { format, mapped } = mapAuditValue(log, 'auto', context, AUDIT_FORMATS);
    count(type.formats, format?.name ?? 'none');
    const untimed = mapAuditValue(log, 'auto', { position: 0 }, AUDIT_FORMATS).mapped;
    if (untimed.some((each) => !isReject(each))) type.timed++;
    const events = mapped.flatMap((each) => (isReject(each) ? [] : [each]));
    if (events.length > 0) {
      type.mapped++;
      if (events.some((event) => event.tenantClaimed !== undefined)) type.tenant++;
      if (events.some((event) => event.outcome.status === 'denied')) type.denied++;
      continue;
    }
    const [first] = mapped;
    const reason =
      first !== undefined && isReject(first)
        ? `${first.code} ${first.path}`.trim()
        : 'earlier_stage /stage';
    count(type.refused, reason);
    count(refused, reason);
  }
  const all = [...types.values()];
  return {
    records: events.length,
    mapped: all.reduce((sum, { mapped }) => sum + mapped, 0),
    timed: all.reduce((sum, { timed }) => sum + timed, 0),
    ...{ recognisedTwice, refused, types },
  };
}

function typeOf(types: Map<string, TypeCoverage>, name: string): TypeCoverage {
  const known = types.get(name);
  if (known !== undefined) return known;
  const made: TypeCoverage = {
    ...{ records: 0, mapped: 0, timed: 0, tenant: 0, denied: 0 },
    formats: new Map(),
    refused: new Map(),
  };
  types.set(name, made);
  return made;
}

function count(of: Map<string, number>, key: string): void {
  of.set(key, (of.get(key) ?? 0) + 1);
}

/** The page that lists the coverage, in Markdown. */
export function coveragePage({ records, mapped, timed, types }: Coverage): string {
  const rows = [...types].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Log types of a public collection of audit events',
    '',
    '<!-- Written by src/receivers/audit/panther.test.ts with UPDATE_GOLDEN=1. -->',
    '',
    `Of ${records} recorded audit events of ${types.size} log types, ${mapped} become events with`,
    `an actor and an action (${timed} of them state a time; for the rest the time of receipt`,
    'stands in). The events come from the tests of panther-analysis, where many are cut down to',
    'the members one rule reads, and some are filed under another type than their own.',
    '',
    '## By log type',
    '',
    '`tenant` counts the mapped events that name an account or tenant.',
    '',
    '| log type | events | mapped | tenant | denied | formats |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      ([name, { records: all, mapped: took, tenant, denied, formats }]) =>
        `| ${name} | ${all} | ${took} | ${tenant} | ${denied} | ${formatsText(formats)} |`,
    ),
    '',
    '## What is not mapped, and why',
    '',
    '| log type | events | why |',
    '|---|---|---|',
    ...rows.flatMap(([name, { refused }]) =>
      [...refused].map(([reason, times]) => `| ${name} | ${times} | ${whyOf(name, reason)} |`),
    ),
    '',
    '## Where no tenant is found, and why',
    '',
    '| log type | events | why |',
    '|---|---|---|',
    ...rows.flatMap(([name, { mapped: took, tenant }]) =>
      took === tenant ? [] : [`| ${name} | ${took - tenant} | ${tenantWhy(name)} |`],
    ),
    '',
  ].join('\n');
}

function formatsText(formats: ReadonlyMap<string, number>): string {
  return [...formats.keys()]
    .filter((name) => name !== 'none')
    .map((name) => `[${name}](${name}.md)`)
    .join(', ');
}

/** Types whose records are no action of an actor. */
const NO_ACTION: Readonly<Record<string, string>> = {
  '?': 'rows of a scheduled query over other logs: counts and scores, no action',
  'AWS.GuardDuty': 'a finding of another detector, not an action',
  'AWS.SecurityFindingFormat': 'a finding of another detector, not an action',
  'AWS.VPCDns': 'network telemetry: addresses, no actor',
  'AWS.VPCFlow': 'network telemetry: addresses, no actor',
  'AWS.WAFWebACL': 'a web request known by its address alone, no actor',
  'CarbonBlack.AlertV2': 'a finding of another detector, not an action',
  'CiscoUmbrella.DNS': 'network telemetry: addresses, no actor',
  'Cloudflare.Firewall': 'a web request known by its address alone, no actor',
  'Cloudflare.HttpRequest': 'a web request known by its address alone, no actor',
  'Crowdstrike.DetectionSummary': 'a finding of another detector, not an action',
  'Crowdstrike.Unknown': 'cut down to a payload without a sensor or user',
  'GCP.HTTPLoadBalancer': 'a web request known by its address alone, no actor',
  'GitLab.Audit': 'cut down to a message, without author and entity',
  'GitLab.Production': 'an application log: path and parameters, no user',
  'MicrosoftDefenderXDR.AdvancedHunting': 'evidence of an alert, not an action',
  'MicrosoftGraph.SecurityAlertV2': 'a finding of another detector, not an action',
  'Orca.Alert': 'a finding about an asset, not an action',
  'Osquery.Differential': 'the state of a host, not an action of an actor',
  'SOCRadar.Incidents': 'a finding from outside, not an action',
  'Snowflake.DataTransferHistory': 'bytes between regions, summed; no user',
  'Sublime.MessageEvent': 'a message that was analysed, not an action in the product',
  'ThinkstCanary.Alert': 'a finding of another detector, not an action',
  'Tracebit.Alert': 'a finding of another detector, not an action',
  'Upwind.Detections': 'a finding of another detector, not an action',
  'Wiz.Detections': 'a finding of another detector, not an action',
  'Wiz.Issues': 'a finding about an asset, not an action',
  'Wiz.IssuesWebhook': 'a finding about an asset, not an action',
};

function whyOf(type: string, reason: string): string {
  if (reason.startsWith('earlier_stage'))
    return 'an earlier stage of a request that is counted once';
  const [code, pointer = ''] = reason.split(' ');
  const known = NO_ACTION[type];
  if (code === 'unknown_format') return known ?? 'cut down too far to be recognised as any format';
  if (code === 'missing_field' && known !== undefined) return known;
  if (type === 'Azure.MonitorActivity' && pointer.startsWith('/identity')) {
    return `names its caller by address alone: nothing at \`${pointer}\``;
  }
  return `nothing at \`${pointer}\` nor where else it is looked for`;
}

const NO_TENANT: Readonly<Record<string, string>> = {
  'Amazon.EKS.Audit': 'a cluster names no account; its credential tells the tenant',
  'Asana.Audit': 'the workspace stands in the address that is polled',
  'AWS.CloudTrail': 'cut down: neither `userIdentity.accountId` nor `recipientAccountId`',
  'Auth0.Events': 'the log stream names the tenant, a copied event does not',
  'Box.Event': 'the enterprise stands in the stream, not in the event',
  'Duo.Administrator': 'the API host names the account',
  'Duo.Authentication': 'the API host names the account',
  'Databricks.Audit': 'cut down: neither `accountId` nor `workspaceId`',
  'Okta.SystemLog': 'the address that is polled names the organisation',
  'OneLogin.Events': 'cut down: no `account_id`',
  'OnePassword.ItemUsage': 'the token of the Events API names the account',
  'OnePassword.SignInAttempt': 'the token of the Events API names the account',
  'OpenAI.Audit': 'the key that reads the log names the organisation',
  'Panther.Audit': 'one instance is one tenant',
  'Wiz.Audit': 'the service account that reads the log names the tenant',
};

function tenantWhy(type: string): string {
  return NO_TENANT[type] ?? 'the record carries none';
}
