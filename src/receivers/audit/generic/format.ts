import type { OutcomeStatus } from '../../../core/access-event.ts';
import { operationOfName } from '../../operation.ts';
import { finish, identifier } from '../draft.ts';
import { kindOfName } from '../event-kind.ts';
import { isObject, type Json } from '../field-reader.ts';
import type { AuditFormat } from '../format.ts';

/**
 * Audit records of products without a format of their own, read by the names that such members
 * usually have. It recognises nothing by itself: it is asked once every format has passed, and
 * takes a record only where both an actor and an action are named.
 */
export const genericFormat: AuditFormat = {
  name: 'generic',
  title: 'Audit records by usual member names',
  tenantIs: 'account',
  recognises: () => false,
  map: (value, context) => {
    const scopes = scopesOf(value);
    const find = (names: Names) => found(scopes, names);
    const action = find(ACTION);
    const name = identifier(action) ?? '';
    const op = operationOfName(name);
    return [
      finish(
        {
          ...{ format: 'generic', record: value },
          wanted: { time: '/time', agent: '/actor', action: '/action' },
          id: find(ID),
          time: find(TIME),
          kind: kindOfName(name, op),
          agent: { id: find(ACTOR) },
          tenant: find(TENANT),
          action: { name: action, op },
          resource: { type: find(RESOURCE_TYPE), id: find(RESOURCE) },
          outcome: { status: statusOf(find(OUTCOME)) },
          clientIp: find(ADDRESS),
        },
        context,
      ),
    ];
  },
};

/** Whether a record that no format recognises names an actor and an action all the same. */
export function isGenericRecord(value: unknown): boolean {
  const scopes = scopesOf(value);
  const isFinding = scopes.some((scope) => FINDING.every((name) => scope.has(name)));
  return !isFinding && found(scopes, ACTOR) !== undefined && found(scopes, ACTION) !== undefined;
}

/** Members by their names without case and punctuation, so `user_name` is `userName`. */
type Scope = ReadonlyMap<string, unknown>;

/** Members that hold the value, and members that hold an object which does. */
interface Names {
  readonly members: readonly string[];
  readonly parts: readonly string[];
}

const names = (members: string, parts = ''): Names => ({
  members: members.split(' '),
  parts: parts === '' ? [] : parts.split(' '),
});

const ACTOR = names(
  'actor actorid actoremail actorname userid useremail username user useruuid useridstring ' +
    'principal principalid principalemail useridentity initiator initiatedby performedby caller ' +
    'callerid operator operatorid requester requestedby createdby author authorid authoremail ' +
    'authorname sender member admin adminid adminname serviceaccount clientid agentid agent ' +
    'loginname login email upn authenticationinfo',
  'id email login username name principalid principalemail userid sub arn clientid displayname upn',
);
const ACTION = names(
  'action actionname eventname eventtype operation operationname activity activityname ' +
    'activitytype methodname apiname externalapitype verb event type',
  'name type action',
);
const TENANT = names(
  'tenant tenantid tenantname organization organizationid organisation organisationid org orgid ' +
    'orgname account accountid customer customerid customeridstring workspace workspaceid team ' +
    'teamid company companyid enterprise enterpriseid subscriptionid projectid groupid cid',
  'id uuid gid name',
);
const TIME = names(
  'time timestamp eventtime occurredat createdat created date datetime published utctimestamp at ' +
    'peventtime',
);
const ID = names('eventid id uuid uid logid recordid');
const RESOURCE = names(
  'resourceid resource resourcename targetid target objectid object entityid entity',
  'id name uuid',
);
const RESOURCE_TYPE = names(
  'resourcetype targettype objecttype entitytype resource target object entity',
  'type',
);
const OUTCOME = names('outcome result status success', 'result status');
const ADDRESS = names(
  'sourceipaddress sourceip clientip ipaddress ip remoteip remoteaddress userip',
);

/** Alerts name users too, but say what another detector thinks, not what anybody did. */
const FINDING = ['severity', 'title'];
const ENVELOPES = new Set(
  (
    'event data detail details payload record log properties attributes audit body content ' +
    'unknownpayload protopayload'
  ).split(' '),
);
const MEMBERS_MAX = 256;
const NESTED_MAX = 2;

function scopesOf(value: unknown): readonly Scope[] {
  if (!isObject(value)) return [];
  const top = scopeOf(value);
  const inner = [...top].filter(([name, of]) => ENVELOPES.has(name) && isObject(of));
  return [top, ...inner.map(([, of]) => scopeOf(of as Json))];
}

function scopeOf(of: Json): Scope {
  const scope = new Map<string, unknown>();
  for (const name of Object.keys(of).slice(0, MEMBERS_MAX)) {
    const plain = name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
    if (!scope.has(plain)) scope.set(plain, of[name]);
  }
  return scope;
}

function found(scopes: readonly Scope[], { members, parts }: Names): unknown {
  for (const scope of scopes) {
    for (const member of members) {
      const value = scope.get(member);
      if (isScalar(value)) return value;
      if (!isObject(value) || parts.length === 0) continue;
      const part = partOf(value, parts, NESTED_MAX);
      if (part !== undefined) return part;
    }
  }
  return undefined;
}

/** The value in an object, or in an object of it, as in `actor.user.email`. */
function partOf(of: Json, parts: readonly string[], depth: number): unknown {
  const scope = scopeOf(of);
  const part = parts.find((name) => isScalar(scope.get(name)));
  if (part !== undefined) return scope.get(part);
  if (depth === 0) return undefined;
  for (const value of scope.values()) {
    const inner = isObject(value) ? partOf(value, parts, depth - 1) : undefined;
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  return typeof value === 'number' || typeof value === 'boolean';
}

function statusOf(word: unknown): OutcomeStatus | undefined {
  // An object has no text, and one with a member `toString` does not even have that method.
  const text = isScalar(word) ? String(word).toLowerCase() : '';
  if (/^(succ|ok$|true$|allow|complete|200$)/.test(text)) return 'success';
  if (/^(den|block|forbid|unauth|refus|40[13]$)/.test(text)) return 'denied';
  return /^(fail|err|false$|invalid)/.test(text) ? 'failure' : undefined;
}
