import { TripcoilError } from '../../core/errors.ts';

/**
 * Reads the protobuf wire format from one byte array, front to back. Every method that would run
 * past `limit` throws `bad_request`; nothing is copied but the strings asked for.
 */
export class WireReader {
  pos = 0;
  /** End of the message being read. */
  limit: number;
  /** Halves of the last `fixed64` or `varint64`, as unsigned 32-bit numbers. */
  low = 0;
  high = 0;
  private readonly bytes: SliceableBuffer;
  private readonly keys: TextCache;
  private readonly values: TextCache;

  constructor(bytes: Uint8Array, keys: TextCache, values: TextCache) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.bytes = buffer as unknown as SliceableBuffer;
    this.limit = bytes.byteLength;
    this.keys = keys;
    this.values = values;
  }

  /** The low 32 bits of a varint: tags, lengths, enums and booleans. */
  varint32(): number {
    const { bytes } = this;
    let byte = bytes[this.pos++] as number;
    if (byte < 0x80 && this.pos <= this.limit) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (this.pos >= this.limit || shift > 63) throw malformed('varint');
      byte = bytes[this.pos++] as number;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    if (this.pos > this.limit) throw malformed('varint');
    return value >>> 0;
  }

  /** A whole varint, left in `low` and `high`. */
  varint64(): void {
    let low = 0;
    let high = 0;
    let byte = 0x80;
    for (let shift = 0; byte >= 0x80; shift += 7) {
      if (this.pos >= this.limit || shift > 63) throw malformed('varint');
      byte = this.bytes[this.pos++] as number;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high |= bits >>> 4;
      else if (shift > 28) high |= bits << (shift - 32);
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
  }

  fixed64(): void {
    const { pos } = this;
    if (pos + 8 > this.limit) throw malformed('fixed64');
    this.low = this.bytes.readUInt32LE(pos);
    this.high = this.bytes.readUInt32LE(pos + 4);
    this.pos = pos + 8;
  }

  double(): number {
    const { pos } = this;
    if (pos + 8 > this.limit) throw malformed('double');
    this.pos = pos + 8;
    return this.bytes.readDoubleLE(pos);
  }

  /** End of the length-delimited field that starts here. */
  end(): number {
    const length = this.varint32();
    const end = this.pos + length;
    if (end > this.limit) throw malformed('length');
    return end;
  }

  /** Invalid UTF-8 becomes U+FFFD. Most short values repeat: names, verdicts, tenants. */
  text(): string {
    const end = this.end();
    const { pos } = this;
    this.pos = end;
    if (pos === end) return '';
    return end - pos <= CACHED_VALUE_CHARS
      ? this.values.read(this.bytes, pos, end)
      : this.bytes.utf8Slice(pos, end);
  }

  /** Text that repeats from record to record: attribute keys and enum-like names. */
  key(): string {
    const end = this.end();
    const { pos } = this;
    this.pos = end;
    return this.keys.read(this.bytes, pos, end);
  }

  hex(): string {
    return this.encoded('hex');
  }

  base64(): string {
    return this.encoded('base64');
  }

  /** Skips the value of a field that is not known or not wanted. */
  skip(wireType: number, depth = 0): void {
    if (wireType === 0) this.varint64();
    else if (wireType === 1) this.advance(8);
    else if (wireType === 2) this.pos = this.end();
    else if (wireType === 5) this.advance(4);
    else if (wireType === 3 && depth < GROUP_DEPTH) this.skipGroup(depth);
    else throw malformed('wire type');
  }

  private skipGroup(depth: number): void {
    while (this.pos < this.limit) {
      const wireType = this.varint32() & 7;
      if (wireType === 4) return;
      this.skip(wireType, depth + 1);
    }
    throw malformed('group');
  }

  private encoded(encoding: 'hex' | 'base64'): string {
    const end = this.end();
    const { pos } = this;
    this.pos = end;
    if (pos === end) return '';
    return encoding === 'hex'
      ? this.bytes.hexSlice(pos, end)
      : this.bytes.toString('base64', pos, end);
  }

  private advance(count: number): void {
    if (this.pos + count > this.limit) throw malformed('fixed field');
    this.pos += count;
  }
}

/**
 * What `toString` calls once it has looked at its arguments, which costs as much as a short text.
 * Not in Node's documentation, but part of Buffer since its first version.
 */
interface SliceableBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  hexSlice(start: number, end: number): string;
}

/** Groups have been deprecated since proto2; OTLP has none, an unknown field may. */
const GROUP_DEPTH = 16;

export function malformed(what: string): TripcoilError {
  return new TripcoilError('bad_request', `the protobuf body is malformed: bad ${what}`);
}

/**
 * Remembers repeated ASCII texts by their bytes, so that one costs a comparison and not an
 * allocation. Direct-mapped: 4,096 slots of at most 64 characters, 1 MiB at worst.
 */
export class TextCache {
  private readonly slots: string[] = new Array<string>(SLOTS).fill('');

  read(bytes: SliceableBuffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return '';
    if (length > CACHED_KEY_CHARS) return bytes.utf8Slice(start, end);
    let hash = length;
    // At most sixteen bytes decide the slot; all of them are compared.
    const step = 1 + (length >>> 4);
    for (let index = start; index < end; index += step) {
      hash = (Math.imul(hash, 31) + (bytes[index] as number)) | 0;
    }
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const cached = this.slots[slot] as string;
    if (cached.length === length && equals(cached, bytes, start)) return cached;
    const text = bytes.utf8Slice(start, end);
    if (equals(text, bytes, start) && text.length === length) this.slots[slot] = text;
    return text;
  }
}

const SLOTS = 4_096;
const CACHED_KEY_CHARS = 64;
const CACHED_VALUE_CHARS = 32;

/** True for ASCII text with these very bytes. */
function equals(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== bytes[start + index] || code > 0x7f) return false;
  }
  return true;
}
