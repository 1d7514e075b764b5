import type { Reject } from '../core/reject.ts';
import type { BusHeaders, BusRecord } from '../ports/bus.ts';
import type { Principal } from '../ports/ingest.ts';
import { type TenantOfAccount, withTenant } from '../receivers/audit/accounts.ts';
import { type AuditBatch, auditBatchOf, parseAuditBody } from '../receivers/audit/audit-body.ts';
import { binaryCloudEvent, isBinaryCloudEvent } from '../receivers/audit/cloudevents/binary.ts';
import type { AuditFormat } from '../receivers/audit/format.ts';
import { mediaType } from '../receivers/body.ts';
import type { DecodedRecord, DecodeRecord } from '../receivers/kafka/source.ts';
import type { AttributeTable } from '../receivers/otlp/attribute-table.ts';
import { decodeOtlpLogs, decodeOtlpMetrics, decodeOtlpTraces } from '../receivers/otlp/decode.ts';
import { UsageMetrics } from '../receivers/otlp/usage-metrics.ts';

/** What the decoders of a deployment know beyond the record. */
export interface KafkaDecoding {
  /** `otlp_proto`, `otlp_json`, `native`, `cloudevents` or `audit:<name>`. */
  readonly format: string;
  readonly signal: 'traces' | 'logs' | 'metrics' | null;
  readonly sender: Principal;
  readonly formats: ReadonlyMap<string, AuditFormat>;
  readonly table?: AttributeTable;
  /** Of all sources of the process: who told tokens by spans, and the sums of metrics. */
  readonly usage?: UsageMetrics;
  readonly tenantOfAccount?: TenantOfAccount;
}

/** What a format is counted as, and how a record of it is read. */
export interface KafkaDecoder {
  readonly source: string;
  readonly decode: DecodeRecord;
  /** Whether a record can be read only once what the one before it told is durable. */
  readonly singly?: boolean;
}

/** The decoder of a format; null for an unknown one. */
export function kafkaDecoder(decoding: KafkaDecoding): KafkaDecoder | null {
  const { format, signal, formats } = decoding;
  if (format === 'otlp_proto' || format === 'otlp_json') return otlpDecoder(decoding);
  if (signal !== null) return null;
  if (format === 'cloudevents') return { source: format, decode: cloudEventDecoder(decoding) };
  const name = format.startsWith('audit:') ? format.slice('audit:'.length) : format;
  if (name !== format || format === 'native') {
    if (name !== 'auto' && !formats.has(name)) return null;
    return { source: name === 'auto' ? 'audit' : name, decode: auditDecoder(decoding, name) };
  }
  return null;
}

function otlpDecoder(decoding: KafkaDecoding): KafkaDecoder | null {
  const { format, signal, sender, table, usage = new UsageMetrics(table) } = decoding;
  if (signal === null) return null;
  const encoding = format === 'otlp_proto' ? 'protobuf' : 'json';
  const source = `otlp.${signal}`;
  // Spans and metrics of one service come by two topics, and so by two sources.
  const teller = JSON.stringify(sender.tenants);
  if (signal === 'metrics') {
    const decode: DecodeRecord = ({ value }) => decodeOtlpMetrics(value, encoding, usage, teller);
    return { source, decode, singly: true };
  }
  const decodeRequest = signal === 'traces' ? decodeOtlpTraces : decodeOtlpLogs;
  const decode: DecodeRecord = ({ value }) => {
    const read = decodeRequest(value, encoding, table);
    return { ...read, commit: () => usage.observe(teller, read.events) };
  };
  return { source, decode };
}

function auditDecoder(decoding: KafkaDecoding, name: string): DecodeRecord {
  return ({ value, headers, timestamp }) => {
    // Cerbos can publish protobuf, and says so in a header.
    if (textOf(headers.get('cerbos.audit.encoding')) === 'protobuf') {
      return refused({
        ...{ position: 0, code: 'unknown_format', path: 'headers.cerbos.audit.encoding' },
        message: 'set encoding: json in the kafka section of the audit configuration of Cerbos',
      });
    }
    const reading = { format: name, formats: decoding.formats, receivedAt: timestamp };
    return settled(parseAuditBody(value, null, reading), decoding);
  };
}

/** Kafka protocol binding of CloudEvents 1.0.2: binary mode by headers, else structured. */
function cloudEventDecoder(decoding: KafkaDecoding): DecodeRecord {
  return ({ value, headers, timestamp }) => {
    const reading = { format: 'cloudevents', formats: decoding.formats, receivedAt: timestamp };
    const plain = plainHeaders(headers);
    const type = mediaType(plain['content-type']);
    const isStructured = type.startsWith('application/cloudevents');
    if (!isStructured && isBinaryCloudEvent(plain, 'ce_')) {
      return settled(auditBatchOf(binaryCloudEvent(plain, 'ce_', value), reading), decoding);
    }
    return settled(parseAuditBody(value, null, reading), decoding);
  };
}

function settled(batch: AuditBatch, decoding: KafkaDecoding): DecodedRecord {
  const { sender, formats, tenantOfAccount } = decoding;
  const accounts = { formats, tenantOfAccount };
  return {
    events: batch.events.map((event) => withTenant(event, sender, accounts)),
    positions: batch.positions,
    rejects: batch.rejects,
    ignored: 0,
  };
}

function refused(reject: Reject): DecodedRecord {
  return { events: [], positions: [], rejects: [reject], ignored: 0 };
}

/** Header names in lower case, values as text; without a prototype, since senders choose names. */
function plainHeaders(headers: BusHeaders): Readonly<Record<string, string | undefined>> {
  const plain = Object.create(null) as Record<string, string>;
  for (const [name, value] of headers) plain[name.toLowerCase()] = textOf(value);
  return plain;
}

function textOf(value: BusRecord['value'] | undefined): string {
  if (value === null || value === undefined) return '';
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
