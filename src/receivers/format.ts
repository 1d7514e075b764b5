/** Formats that replay and import tell apart by the first record of a file. */
export type RecordedFormat = 'native' | 'otlp.traces' | 'otlp.logs';

/** Judges one parsed record by the fields only its format has; null when none fits. */
export function sniffFormat(record: unknown): RecordedFormat | null {
  if (typeof record !== 'object' || record === null) return null;
  if (Array.isArray(record)) return sniffFormat(record[0]);
  if (Object.hasOwn(record, 'resourceSpans')) return 'otlp.traces';
  if (Object.hasOwn(record, 'resourceLogs')) return 'otlp.logs';
  const native = Object.hasOwn(record, 'agent') && Object.hasOwn(record, 'action');
  return native ? 'native' : null;
}
