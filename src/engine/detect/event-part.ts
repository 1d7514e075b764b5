import type { AccessEvent } from '../../core/access-event.ts';

/** Parts that few events have, and without which some detectors have nothing to say. */
export const EVENT_PARTS = [
  'amount',
  'approval',
  'claimed_tenant',
  'decision',
  'injection_markers',
  'secrets',
  'token',
] as const;
export type EventPart = (typeof EVENT_PARTS)[number];

/** One bit for each part. */
export function maskOf(parts: readonly EventPart[]): number {
  return parts.reduce((mask, part) => mask | BITS[part], 0);
}

/** The parts of an event, asked once for all detectors. */
export function partsOf(event: AccessEvent): number {
  const { tenant } = event;
  let mask = 0;
  if (event.action.amount !== undefined) mask |= BITS.amount;
  if (event.approval !== undefined) mask |= BITS.approval;
  if (tenant.claimed !== undefined && tenant.claimed !== tenant.id) mask |= BITS.claimed_tenant;
  if (event.decision !== undefined) mask |= BITS.decision;
  if (event.injectionMarkers !== undefined) mask |= BITS.injection_markers;
  if (holdsSecret(event)) mask |= BITS.secrets;
  if (event.token !== undefined) mask |= BITS.token;
  return mask;
}

/** Whether the redactor found a secret, which it counts by kind (`secret:github_token`). */
function holdsSecret({ redactions }: AccessEvent): boolean {
  if (redactions === undefined) return false;
  for (const type in redactions) if (type.startsWith('secret:')) return true;
  return false;
}

const BITS = {
  amount: 1,
  approval: 2,
  claimed_tenant: 4,
  decision: 8,
  injection_markers: 16,
  secrets: 32,
  token: 64,
} as const satisfies { readonly [Part in EventPart]: number };
