import type { AccessEvent } from './access-event.ts';

/**
 * The part of an event that is the same however the verification of its token went, by which a
 * resent event is recognised: while an issuer was away its token was not believed, and settled
 * nothing; now it names the agent. What the sender itself said of those members stands in
 * `token.saidRef`. The event as it is where no token was read.
 */
export function contentOf(event: AccessEvent): object {
  if (event.token?.saidRef === undefined) return event;
  return {
    ...event,
    ...SETTLED,
    said: { token: event.token.saidRef, intent: event.intent?.text ?? null },
  };
}

/** What a verified token may settle, and what follows from that; undefined members have no text. */
const SETTLED = {
  tenant: undefined,
  agent: undefined,
  principal: undefined,
  delegation: undefined,
  scopes: undefined,
  intent: undefined,
  token: undefined,
  clientIp: undefined,
  redactions: undefined,
  injectionMarkers: undefined,
} as const satisfies { readonly [Name in keyof AccessEvent]?: undefined };
