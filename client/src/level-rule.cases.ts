/** One row per line of the table: what every implementation of the level rule must answer. */
export interface LevelCase {
  readonly level: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;
  readonly op: string | undefined;
  readonly posture: 'shadow' | 'enforce';
  readonly class: 'statistical' | 'operator' | null;
  readonly allow: boolean;
  readonly needsApproval: boolean;
  readonly throttle: boolean;
}

const YES = { allow: true, needsApproval: false, throttle: false } as const;
const SLOW = { allow: true, needsApproval: false, throttle: true } as const;
const ASK = { allow: false, needsApproval: true, throttle: false } as const;
const NO = { allow: false, needsApproval: false, throttle: false } as const;
const enforced = { posture: 'enforce', class: 'statistical' } as const;
const held = { posture: 'shadow', class: 'operator' } as const;
const shadow = { posture: 'shadow', class: 'statistical' } as const;

export const LEVEL_CASES: readonly LevelCase[] = [
  { level: 0, op: 'write', posture: 'enforce', class: null, ...YES },
  { level: 0, op: undefined, posture: 'enforce', class: null, ...YES },
  { level: 1, op: 'read', ...enforced, ...SLOW },
  { level: 1, op: 'write', ...enforced, ...SLOW },
  { level: 2, op: 'read', ...enforced, ...YES },
  { level: 2, op: 'list', ...enforced, ...YES },
  { level: 2, op: 'write', ...enforced, ...ASK },
  { level: 2, op: 'delete', ...enforced, ...ASK },
  { level: 2, op: 'execute', ...enforced, ...ASK },
  { level: 2, op: 'unknown', ...enforced, ...ASK },
  { level: 2, op: undefined, ...enforced, ...ASK },
  { level: 2, op: 'READ', ...enforced, ...ASK },
  { level: 3, op: 'read', ...enforced, ...YES },
  { level: 3, op: 'list', ...enforced, ...YES },
  { level: 3, op: 'write', ...enforced, ...NO },
  { level: 3, op: 'admin', ...enforced, ...NO },
  { level: 3, op: undefined, ...enforced, ...NO },
  { level: 4, op: 'read', ...enforced, ...NO },
  { level: 4, op: 'write', ...enforced, ...NO },
  { level: 5, op: 'read', ...enforced, ...NO },
  { level: 6, op: 'list', ...enforced, ...NO },
  { level: 7, op: 'read', ...enforced, ...NO },
  { level: 7, op: 'write', ...shadow, ...YES },
  { level: 4, op: 'write', ...shadow, ...YES },
  { level: 2, op: 'write', ...shadow, ...YES },
  { level: 1, op: 'read', ...shadow, ...YES },
  { level: 0, op: 'write', posture: 'shadow', class: null, ...YES },
  { level: 1, op: 'write', ...held, ...SLOW },
  { level: 2, op: 'write', ...held, ...ASK },
  { level: 3, op: 'read', ...held, ...YES },
  { level: 4, op: 'read', ...held, ...NO },
  { level: 5, op: 'write', posture: 'enforce', class: 'operator', ...NO },
];
