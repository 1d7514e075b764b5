import type { Socket } from 'node:net';
import { LIMITS } from '../../core/limits.ts';

interface RedisQuestion {
  readonly user: string | null;
  readonly password: string | null;
  readonly command: readonly string[];
}

/** A reply of Redis: text, number, nothing, or a list of those. */
export type RedisReply = string | number | null | readonly RedisReply[];

/**
 * Sends one command over a connection of its own, in RESP 2 of the Redis protocol specification,
 * and closes it. @throws Error `redis_error` with the first word of the refusal.
 */
export async function askRedis(
  socket: Socket,
  { user, password, command }: RedisQuestion,
): Promise<RedisReply> {
  const commands = password === null ? [] : [['AUTH', ...(user === null ? [] : [user]), password]];
  commands.push([...command]);
  socket.write(commands.map(encoded).join(''));
  try {
    const replies = await readReplies(socket, commands.length);
    return replies.at(-1) ?? null;
  } finally {
    socket.destroy();
  }
}

/** Every argument with its length, so that none can be another command. */
function encoded(words: readonly string[]): string {
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  return `*${words.length}\r\n${parts.join('')}`;
}

async function readReplies(socket: Socket, count: number): Promise<readonly RedisReply[]> {
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length > LIMITS.actuatorAnswerBytes) throw new Error('answer_too_long');
    const replies: RedisReply[] = [];
    let at = 0;
    while (replies.length < count) {
      const read = readReply(received, at, 0);
      if (read === null) break;
      replies.push(read.reply);
      at = read.next;
    }
    if (replies.length === count) return replies;
  }
  throw new Error('connection_closed');
}

const DEEPEST = 8;

/** The reply that begins at `at`; null while it is not all there. */
function readReply(
  bytes: Buffer,
  at: number,
  depth: number,
): { readonly reply: RedisReply; readonly next: number } | null {
  const end = bytes.indexOf('\r\n', at);
  if (end < 0) return null;
  const head = bytes.toString('utf8', at + 1, end);
  const next = end + 2;
  switch (bytes[at]) {
    case 0x2b: // +
      return { reply: head, next };
    case 0x2d: // -
      throw new Error(`redis_error ${/^[A-Z]+/.exec(head)?.[0] ?? ''}`.trim());
    case 0x3a: // :
      return { reply: Number(head), next };
    case 0x24: {
      // $
      const length = Number(head);
      if (length < 0) return { reply: null, next };
      if (bytes.length < next + length + 2) return null;
      return { reply: bytes.toString('utf8', next, next + length), next: next + length + 2 };
    }
    case 0x2a: // *
      return readList(bytes, next, Number(head), depth);
    default:
      throw new Error('redis_protocol');
  }
}

function readList(bytes: Buffer, at: number, length: number, depth: number) {
  if (depth >= DEEPEST) throw new Error('redis_protocol');
  const reply: RedisReply[] = [];
  let next = at;
  for (let index = 0; index < length; index += 1) {
    const read = readReply(bytes, next, depth + 1);
    if (read === null) return null;
    reply.push(read.reply);
    next = read.next;
  }
  return { reply: length < 0 ? null : reply, next };
}
