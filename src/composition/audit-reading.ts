import type { TripcoilConfig } from '../config/load.ts';
import { tenantOfAccountIn } from '../receivers/audit/accounts.ts';
import { auditFormats } from '../receivers/audit/formats.ts';

/** How audit records are read, whichever way they come. */
export function auditReading({ audit }: TripcoilConfig) {
  const tenantOfAccount = tenantOfAccountIn(audit.accounts);
  return { formats: auditFormats(audit), tenantOfAccount };
}

export type AuditReading = ReturnType<typeof auditReading>;
