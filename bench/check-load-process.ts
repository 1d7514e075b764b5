import { connect } from 'node:net';

/** What the process is told: where to ask, as whom, and the bodies to ask with by turns. */
export interface CheckLoadOrder {
  readonly port: number;
  readonly token: string;
  readonly bodies: readonly string[];
  readonly connections: number;
}

/** Answers since the last report, and those that were no 200. */
export interface CheckLoadReport {
  readonly answered: number;
  readonly failed: number;
}

const { port, token, bodies, connections } = JSON.parse(process.argv[2] ?? '{}') as CheckLoadOrder;
const requests = bodies.map((body) =>
  Buffer.from(
    `POST /v1/check HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ),
);
let count = { answered: 0, failed: 0 };
let turn = 0;

process.on('message', () => {
  process.send?.(count satisfies CheckLoadReport);
  count = { answered: 0, failed: 0 };
});
for (let each = 0; each < connections; each += 1) ask();
process.send?.('ready');

/** One connection that is kept alive: a question, its answer, the next question. */
function ask(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const send = (): void => {
    turn += 1;
    socket.write(requests[turn % requests.length] ?? '');
  };
  let text = '';
  socket.on('connect', send);
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    if (text.startsWith('HTTP/1.1 200')) count.answered += 1;
    else count.failed += 1;
    text = '';
    send();
  });
  socket.on('error', () => {
    count.failed += 1;
  });
}
