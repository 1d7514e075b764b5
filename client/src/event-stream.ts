/** One event of a `text/event-stream`. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  /** Last id seen so far on this stream; empty when none was. */
  readonly id: string;
}

/** A snapshot of 100,000 breakers is some 30 MB; more without a blank line is no feed. */
const BUFFER_CHARS = 64 * 1024 * 1024;

/**
 * Incremental parser of server-sent events (WHATWG HTML section 9.2.6): any chunking, LF, CR and
 * CRLF, comments, several data lines. `retry` is ignored; the follower has its own back-off.
 * @throws Error when an event exceeds the buffer.
 */
export function createEventStreamParser(): (chunk: Uint8Array) => readonly StreamEvent[] {
  // Strips a leading byte order mark and replaces bytes that are no UTF-8.
  const decoder = new TextDecoder('utf-8');
  let pieces: string[] = [];
  let pieceChars = 0;
  let afterCarriageReturn = false;
  let id = '';
  let event = '';
  let data: string[] = [];
  let dataChars = 0;

  function takeLine(line: string, out: StreamEvent[]): void {
    if (line === '') {
      if (data.length > 0) out.push({ event: event || 'message', data: data.join('\n'), id });
      event = '';
      data = [];
      dataChars = 0;
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? '' : line.slice(colon + 1);
    const value = rest.startsWith(' ') ? rest.slice(1) : rest;
    if (field === 'data') {
      data.push(value);
      dataChars += value.length;
    } else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  }

  return (chunk) => {
    const out: StreamEvent[] = [];
    let text = decoder.decode(chunk, { stream: true });
    if (afterCarriageReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') afterCarriageReturn = text.endsWith('\r');
    let from = 0;
    for (const match of text.matchAll(/\r\n|\n|\r/g)) {
      pieces.push(text.slice(from, match.index));
      takeLine(pieces.length === 1 ? (pieces[0] ?? '') : pieces.join(''), out);
      pieces = [];
      pieceChars = 0;
      from = match.index + match[0].length;
    }
    if (from < text.length) {
      pieces.push(text.slice(from));
      pieceChars += text.length - from;
    }
    if (pieceChars + dataChars > BUFFER_CHARS) throw new Error('event too large');
    return out;
  };
}
