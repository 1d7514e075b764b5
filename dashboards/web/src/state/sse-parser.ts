/** One event of a text/event-stream. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** A frame larger than this is a fault of the sender; the parser drops it. */
const FRAME_CHARS = 1024 * 1024;

export interface SseParser {
  /** Feeds text as it arrives, cut anywhere; returns the events completed by it. */
  push(text: string): readonly StreamEvent[];
  /** The last `id:` seen, to be sent as Last-Event-ID. */
  readonly lastId: string;
}

/** The event stream format of the HTML standard (section 9.2.6), without `retry`. */
export function createSseParser(lastId = ''): SseParser {
  let buffer = '';
  let event = '';
  let data: string[] = [];
  let pendingId = lastId;
  let seenId = lastId;

  function field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'event') event = value;
    else if (name === 'data') data.push(value);
    else if (name === 'id' && !value.includes('\0')) pendingId = value;
  }

  function dispatch(into: StreamEvent[]): void {
    seenId = pendingId;
    if (data.length > 0) into.push({ event: event || 'message', data: data.join('\n') });
    event = '';
    data = [];
  }

  return {
    get lastId() {
      return seenId;
    },
    push(text) {
      const events: StreamEvent[] = [];
      buffer += text;
      // A lone CR at the end may be the first half of CRLF; it waits for the next piece.
      const lines = buffer.split(/\r\n|\n|\r(?!$)/);
      buffer = lines.pop() ?? '';
      for (const line of lines) {
        if (line === '') dispatch(events);
        else field(line);
      }
      if (buffer.length > FRAME_CHARS) buffer = '';
      return events;
    },
  };
}
