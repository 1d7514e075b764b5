import type { FieldAliases } from '../../core/event-field.ts';
import type { Reject } from '../../core/reject.ts';
import type { Ingest, Principal } from '../../ports/ingest.ts';
import type { IngestNotes } from '../../ports/ingest-notes.ts';
import type { Metrics } from '../../ports/metrics.ts';
import { countRejects, refuseWhenOverloaded } from '../http-answer.ts';
import { noteRejects } from '../record-shape.ts';
import type { Steps } from '../steps.ts';
import { runInTurns } from '../steps.ts';
import { compileTable } from './attribute-table.ts';
import { otlpLogSteps, otlpMetricSteps, otlpTraceSteps } from './decode.ts';
import type { Normalised } from './normalise.ts';
import type { OtlpEncoding } from './record.ts';
import type { PartialSuccess } from './response.ts';
import type { UsageRead } from './usage-metrics.ts';
import { UsageMetrics } from './usage-metrics.ts';

/** The kinds of telemetry that OTLP carries. Profiles report no agent's action. */
export type OtlpSignal = 'traces' | 'logs' | 'metrics' | 'profiles';

export interface OtlpIntakeOptions {
  readonly ingest: Ingest;
  readonly metrics: Metrics;
  readonly notes?: IngestNotes;
  /** Attributes of the deployment's own by the field they mean. */
  readonly aliases?: FieldAliases;
}

/** One request, whichever transport it came by. */
export interface OtlpRequest {
  readonly signal: OtlpSignal;
  readonly sender: Principal;
  readonly encoding: OtlpEncoding;
  /** Decompressed. */
  readonly bytes: Uint8Array;
  readonly sentBytes: number;
}

/**
 * What OTLP over HTTP and over gRPC have in common: decoding, normalising, submitting, counting.
 * One for the whole process, since it remembers who reports tokens by spans and who by metrics.
 */
export class OtlpIntake {
  private readonly options: OtlpIntakeOptions;
  private readonly table: ReturnType<typeof compileTable>;
  private readonly usage: UsageMetrics;

  constructor(options: OtlpIntakeOptions) {
    this.options = options;
    this.table = compileTable(options.aliases);
    this.usage = new UsageMetrics(this.table);
  }

  /** @throws TripcoilError when a request of this kind had better not be read now. */
  admit(signal: OtlpSignal, sender: Principal): void {
    if (signal !== 'profiles') refuseWhenOverloaded(this.options.ingest, sender);
  }

  /**
   * Resolves once every event is durable; to null when nothing was refused. `release` is called as
   * soon as the bytes are no longer needed, also when this throws.
   * @throws TripcoilError as the decoders and `Ingest.submit` do.
   */
  async receive(request: OtlpRequest, release: () => void): Promise<PartialSuccess | null> {
    const { ingest, metrics } = this.options;
    const { sender, signal, bytes } = request;
    const source = `otlp.${signal}`;
    metrics.count('tripcoil_ingest_bytes_total', { source }, request.sentBytes);
    let read: Normalised | UsageRead;
    try {
      if (signal === 'profiles' || bytes.length === 0) return null;
      await ingest.turn(sender, 'begin');
      const steps = this.read({ ...request, signal });
      read = await runInTurns(steps, () => ingest.turn(sender, 'next'));
    } finally {
      release();
    }
    countRejects(metrics, source, read.rejects);
    const { notes } = this.options;
    noteRejects(notes, sender, source, read.rejects);
    notes?.ignored(sender, source, read.ignored, read.overlooked ?? []);
    metrics.count('tripcoil_ingest_events_total', { source, result: 'ignored' }, read.ignored);
    const { events, positions } = read;
    const later = events.length > 0 ? await ingest.submit({ sender, events, positions }) : null;
    if ('commit' in read) read.commit();
    else this.usage.observe(sender.name, events);
    return summarise([...read.rejects, ...(later?.rejects ?? [])]);
  }

  private read(
    request: OtlpRequest & { readonly signal: Exclude<OtlpSignal, 'profiles'> },
  ): Steps<Normalised | UsageRead> {
    const { signal, bytes, encoding, sender } = request;
    switch (signal) {
      case 'traces':
        return otlpTraceSteps(bytes, encoding, this.table);
      case 'logs':
        return otlpLogSteps(bytes, encoding, this.table);
      case 'metrics':
        return otlpMetricSteps(bytes, encoding, this.usage, sender.name);
    }
  }
}

function summarise(rejects: readonly Reject[]): PartialSuccess | null {
  const [first] = rejects;
  if (first === undefined) return null;
  const message = `first: ${first.code} at ${first.path}: ${first.message}`;
  return { rejected: rejects.length, message: message.slice(0, MESSAGE_CHARS) };
}

/** Far below the 4 MiB that a response may have. */
const MESSAGE_CHARS = 1_024;
