import type { TripcoilConfig } from '../config/load.ts';
import type { GrantSet } from '../core/grant.ts';
import type { Registry } from '../engine/registry.ts';
import type { Authenticator } from '../ports/authenticator.ts';
import type { Clock } from '../ports/clock.ts';
import type { DataKeyFiles } from '../ports/data-keys.ts';
import type { Evidence } from '../ports/evidence.ts';
import type { KeyRing } from '../ports/key-ring.ts';
import type { LedgerErasure } from '../ports/ledger-erasure.ts';
import type { Log } from '../ports/log.ts';
import type { Reviews } from '../ports/reviews.ts';
import type { Store } from '../ports/store.ts';
import type { StoreRebuild } from '../ports/store-rebuild.ts';
import type { TokenVerifier } from '../ports/token-verifier.ts';
import type { TransparencyView } from '../ports/transparency.ts';
import type { BodyReader } from '../receivers/body.ts';
import type { KafkaSource } from '../receivers/kafka/source.ts';
import type { OtlpIntake } from '../receivers/otlp/intake.ts';
import type { Redaction } from '../redact/open-redaction.ts';
import type { EngineHost } from '../runtime/engine-host.ts';
import type { NotesOfIngest } from '../runtime/ingest-notes.ts';
import type { ProcessMetrics } from '../telemetry/metrics.ts';
import type { AuditReading } from './audit-reading.ts';

export interface DaemonOptions {
  readonly config: TripcoilConfig;
  readonly grants: ReadonlyMap<string, GrantSet>;
  readonly initialPosture: 'shadow' | 'enforce';
  /** In place of the detectors of this build: those and the user's own. */
  readonly registry?: Registry;
  readonly clock: Clock;
  readonly log: Log;
  /** Marks everything shown as synthetic. */
  readonly demo?: boolean;
  /** Where the built web interface lies. */
  readonly webDirectory: string;
}

/** What all HTTP plugins are given. */
export interface Surroundings {
  readonly options: DaemonOptions;
  readonly authenticator: Authenticator;
  readonly keys: KeyRing;
  readonly metrics: ProcessMetrics;
  readonly host: EngineHost;
  readonly store: Store;
  readonly reviews: Reviews;
  readonly storeKind: 'chdb' | 'memory';
  readonly redaction: Redaction;
  readonly logs: TransparencyView;
  readonly erasure: LedgerErasure;
  readonly dataKeys: DataKeyFiles;
  readonly evidence: Evidence;
  readonly rebuild: StoreRebuild;
  readonly issuer: (tenant: string) => string;
  readonly bodies: BodyReader;
  readonly intake: OtlpIntake;
  readonly audit: AuditReading;
  readonly notes: NotesOfIngest;
  readonly verifier: TokenVerifier;
  /** Empty until the brokers are asked, which comes last. */
  topics: readonly KafkaSource[];
  readonly startedAt: number;
  closing: boolean;
}
