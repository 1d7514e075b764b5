import { isRead } from './level-rule.ts';

/**
 * `fresh`: heard from within 3 s. `stale`: within `maxStaleMs`. `lost`: longer ago, never yet, or
 * the daemon refuses the token.
 */
export type FeedState = 'fresh' | 'stale' | 'lost';

/** For actions nothing known holds back: go by that, or deny because it may be out of date. */
export type StalePosture = 'last_known' | 'deny';

/**
 * What an action could do while nobody hears of a trip. `export`, `credential` and `cross_tenant`
 * cannot be taken back, so that they are denied as soon as the copy is stale.
 */
export type ActionClass = 'read' | 'write' | 'export' | 'credential' | 'cross_tenant';

export type PostureByClass = { readonly [Class in ActionClass]?: StalePosture };

/** What to do while the daemon is silent, by class of action. Enforced tenants only. */
export interface ClientPosture {
  readonly stale?: PostureByClass;
  readonly lost?: PostureByClass;
}

const DEFAULTS: Readonly<Record<'stale' | 'lost', Readonly<Record<ActionClass, StalePosture>>>> = {
  stale: {
    read: 'last_known',
    write: 'last_known',
    export: 'deny',
    credential: 'deny',
    cross_tenant: 'deny',
  },
  lost: {
    read: 'last_known',
    write: 'deny',
    export: 'deny',
    credential: 'deny',
    cross_tenant: 'deny',
  },
};

/** The class that a broker names; else that of the operation. */
export function classOf(op: string | undefined, named: ActionClass | undefined): ActionClass {
  // A broker may say that a read is an export, and not that a write is a read.
  if (named !== undefined && (named !== 'read' || op === undefined || isRead(op))) return named;
  if (isRead(op)) return 'read';
  return op === 'export' ? 'export' : 'write';
}

export function postureFor(
  posture: ClientPosture | undefined,
  state: 'stale' | 'lost',
  action: ActionClass,
): StalePosture {
  return posture?.[state]?.[action] ?? DEFAULTS[state][action];
}
