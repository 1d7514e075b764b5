import { LIMITS } from '../../core/limits.ts';
import type { Steps } from '../steps.ts';
import type { MetricPoint, MetricsRead } from './metric-record.ts';
import { newPoint, temporalityOf, USAGE_METRICS } from './metric-record.ts';
import { DELIMITED, Decoder, FIXED64, field, tooMany, VARINT } from './protobuf.ts';
import type { Origin } from './record.ts';

/**
 * Decodes an ExportMetricsServiceRequest in steps: the points of token and cost metrics,
 * of all others their number alone. @throws TripcoilError as `decodeTracesProtobuf` does.
 */
export function* metricsProtobufSteps(bytes: Uint8Array): Steps<MetricsRead> {
  const read: MetricsRead = { points: [], others: 0 };
  const decoder = new Decoder(bytes);
  yield* decoder.request((origin, index) => {
    readMetric(decoder, read, origin, index);
    return read.points.length + read.others;
  });
  return read;
}

const NAME = field(1, DELIMITED);
const POINTS = field(1, DELIMITED);
const TEMPORALITY = field(2, VARINT);
const START = field(2, FIXED64);
const TIME = field(3, FIXED64);

/** Numbers of a metric's data field and of the attributes in its points. */
const ATTRIBUTES_BY_DATA: ReadonlyMap<number, number> = new Map([
  [field(5, DELIMITED), field(7, DELIMITED)],
  [field(7, DELIMITED), field(7, DELIMITED)],
  [field(9, DELIMITED), field(9, DELIMITED)],
  [field(10, DELIMITED), field(1, DELIMITED)],
  [field(11, DELIMITED), field(7, DELIMITED)],
]);
const GAUGE = field(5, DELIMITED);
const SUM = field(7, DELIMITED);

function readMetric(
  decoder: Decoder,
  read: MetricsRead,
  origin: Origin,
  metricIndex: number,
): void {
  const { reader } = decoder;
  // The name decides what is worth reading, and may stand behind the data.
  const begin = reader.pos;
  let name = '';
  while (reader.pos < reader.limit) {
    const tag = reader.varint32();
    if (tag === NAME) name = reader.key();
    else reader.skip(tag & 7);
  }
  reader.pos = begin;
  const wanted = USAGE_METRICS.has(name);
  while (reader.pos < reader.limit) {
    const tag = reader.varint32();
    const attributesTag = ATTRIBUTES_BY_DATA.get(tag);
    if (attributesTag === undefined) reader.skip(tag & 7);
    else {
      const isNumber = tag === GAUGE || tag === SUM;
      const at = { origin, metricIndex, name };
      readData(decoder, read, at, wanted ? { attributesTag, isNumber } : null);
    }
  }
}

interface PointShape {
  readonly attributesTag: number;
  readonly isNumber: boolean;
}

function readData(
  decoder: Decoder,
  read: MetricsRead,
  at: Pick<MetricPoint, 'origin' | 'metricIndex' | 'name'>,
  shape: PointShape | null,
): void {
  const { reader } = decoder;
  const outer = decoder.enter();
  const first = read.points.length;
  let temporality = 0;
  while (reader.pos < reader.limit) {
    const tag = reader.varint32();
    if (tag === TEMPORALITY) temporality = reader.varint32() | 0;
    else if (tag !== POINTS || shape === null) {
      if (tag === POINTS) read.others++;
      reader.skip(tag & 7);
    } else {
      const point = newPoint({ ...at, index: read.points.length - first });
      readPoint(decoder, point, shape);
      read.points.push(point);
    }
    if (read.points.length + read.others > LIMITS.recordsPerBody) throw tooMany('records');
  }
  decoder.leave(outer);
  for (const point of read.points.slice(first)) point.temporality = temporalityOf(temporality);
}

const NUMBER_DOUBLE = field(4, FIXED64);
const NUMBER_INT = field(6, FIXED64);
const HISTOGRAM_COUNT = field(4, FIXED64);
const HISTOGRAM_SUM = field(5, FIXED64);

function readPoint(decoder: Decoder, point: MetricPoint, shape: PointShape): void {
  const { reader } = decoder;
  const outer = decoder.enter();
  decoder.problem = null;
  const doubleTag = shape.isNumber ? NUMBER_DOUBLE : HISTOGRAM_SUM;
  while (reader.pos < reader.limit) {
    const tag = reader.varint32();
    if (tag === shape.attributesTag) decoder.attribute(point.attributes, 'attributes', 0);
    else if (tag === START) point.start = decoder.time();
    else if (tag === TIME) point.time = decoder.time();
    else if (tag === doubleTag) point.value = reader.double();
    else if (shape.isNumber && tag === NUMBER_INT) point.value = fixedInt(decoder);
    else if (!shape.isNumber && tag === HISTOGRAM_COUNT) point.count = fixedInt(decoder);
    else reader.skip(tag & 7);
  }
  decoder.leave(outer);
  point.problem = decoder.problem;
}

/** A 64-bit integer; beyond 2^53 as near as a number gets. */
function fixedInt({ reader }: Decoder): number {
  reader.fixed64();
  return (reader.high | 0) * 4_294_967_296 + reader.low;
}
