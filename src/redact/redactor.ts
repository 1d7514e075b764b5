import type { AccessEvent, Destination } from '../core/access-event.ts';
import type { Redacted } from '../core/redacted.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import { type Metrics, SILENT_METRICS } from '../ports/metrics.ts';
import type { Redactor } from '../ports/redactor.ts';
import { extractDestinations } from './destinations.ts';
import { redactFields, redactIdentifier, redactName } from './event-fields.ts';
import { type Pass, startPass } from './pass.ts';
import { createTokenisers } from './tokeniser.ts';
import { REDACTION_FAILED } from './tokens.ts';

/** An event without a tenant has no key of its own; its pseudonyms meet nobody else's. */
const UNKNOWN_TENANT = '_unknown';
const REDACTION_TYPE = /^[a-z_]{2,20}(?::[a-z_]{2,32})?$/;

/** What the redactor needs: the tenants' pseudonym keys, and where to count. */
export interface RedactorOptions {
  readonly keys: Pick<KeyRing, 'pseudonymKey'>;
  readonly metrics?: Metrics;
}

/** Builds the one redactor of the process. Its memory of pseudonyms is bounded. */
export function createRedactor(options: RedactorOptions): Redactor {
  const tokenisers = createTokenisers(options.keys);
  const metrics = options.metrics ?? SILENT_METRICS;

  return {
    redact(event) {
      const tokeniser = tokenisers.of(tenantOf(event));
      const pass = startPass(tokeniser);
      const members = redactEvent(pass, event);
      report(metrics, pass);
      return mint(members);
    },
    redactText(tenant, text) {
      const pass = startPass(tokenisers.of(tenant));
      const redacted = typeof text === 'string' ? redactName(pass, text) : REDACTION_FAILED;
      report(metrics, pass);
      return redacted;
    },
    redactIdentifier(tenant, text) {
      const pass = startPass(tokenisers.of(tenant));
      const redacted = typeof text === 'string' ? redactIdentifier(pass, text) : REDACTION_FAILED;
      report(metrics, pass);
      return redacted;
    },
  };
}

/** The only place where an event becomes `Redacted`. */
function mint(members: Readonly<Record<string, unknown>>): Redacted<AccessEvent> {
  return members as unknown as Redacted<AccessEvent>;
}

function redactEvent(pass: Pass, event: AccessEvent): Readonly<Record<string, unknown>> {
  let out: Record<string, unknown>;
  try {
    out = redactFields(pass, event);
  } catch {
    pass.failures++;
    return {};
  }
  const destinations = destinationsOf(pass, event, out);
  if (destinations.length > 0) out['destinations'] = destinations;
  const redactions = redactionsOf(pass, event);
  if (redactions !== null) out['redactions'] = redactions;
  return out;
}

function destinationsOf(
  pass: Pass,
  event: AccessEvent,
  redacted: Readonly<Record<string, unknown>>,
): readonly Destination[] {
  try {
    return extractDestinations(pass, event.destinations, redacted);
  } catch {
    pass.failures++;
    return [];
  }
}

/** What was replaced now, on top of what an earlier pass over the same event replaced. */
function redactionsOf(pass: Pass, event: AccessEvent): Readonly<Record<string, number>> | null {
  const counts = new Map(pass.counts);
  try {
    for (const [type, count] of Object.entries(event.redactions ?? {})) {
      if (!REDACTION_TYPE.test(type) || !Number.isSafeInteger(count) || count < 1) continue;
      counts.set(type, (counts.get(type) ?? 0) + count);
    }
  } catch {
    pass.failures++;
  }
  if (counts.size === 0) return null;
  return Object.fromEntries([...counts].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function tenantOf(event: AccessEvent): string {
  try {
    return String(event.tenant.id);
  } catch {
    return UNKNOWN_TENANT;
  }
}

function report(metrics: Metrics, pass: Pass): void {
  for (const [type, count] of pass.counts) {
    metrics.count('tripcoil_redactions_total', { type }, count);
  }
  if (pass.failures > 0) metrics.count('tripcoil_redaction_failures_total', {}, pass.failures);
}
