import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { SILENT_METRICS } from '../../src/ports/metrics.ts';
import {
  createExternalRecogniser,
  type ExternalRecogniserOptions,
} from '../../src/redact/external/recogniser.ts';
import { createGuardedPost } from '../../src/revocation/guarded-post.ts';
import { startOwnDaemon } from './canary-in-process.ts';
import { ask } from './http.ts';
import { createWorkplace, eventually } from './served-daemon.ts';
import { storedEntries } from './stored-event-ids.ts';

interface Question {
  readonly text: string;
  readonly language: string;
  readonly entities: readonly string[];
  readonly score_threshold: number;
}

/** Speaks the API of the Presidio analyzer: one name is known, code points are counted. */
const NAME = 'Zofia Wrzosek';
let server: Server;
let url: string;
let asked: Question[];
let answer: (question: Question, response: ServerResponse) => void;

function found({ text }: Question, more: object = {}): object[] {
  const at = text.indexOf(NAME);
  if (at < 0) return [];
  const start = [...text.slice(0, at)].length;
  return [{ start, end: start + NAME.length, score: 0.85, entity_type: 'PERSON', ...more }];
}

async function ledgerOf(directory: string): Promise<string> {
  const entries = await storedEntries(join(directory, 'data', 'ledger'));
  return entries.map(({ body }) => body).join('\n');
}

const json = (value: unknown) => (response: ServerResponse) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const question = JSON.parse(body) as Question;
    asked.push(question);
    answer(question, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/analyze`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  answer = (question, response) => json(found(question))(response);
});

const create = (more: Partial<ExternalRecogniserOptions> = {}) =>
  createExternalRecogniser({
    ...{ url, timeoutMs: 60_000, language: 'en', entities: ['PERSON'], minScore: 0.5 },
    ...{ maxConcurrent: 2, metrics: SILENT_METRICS },
    post: createGuardedPost({ allowLoopback: true }),
    ...more,
  });

describe('an external recogniser', () => {
  it('is asked as Presidio is, and its code points become code units', async () => {
    const text = `😀😀 please call ${NAME} back`;
    const at = text.indexOf(NAME);
    expect(await create()(text)).toEqual([{ start: at, end: at + NAME.length, type: 'person' }]);
    expect(asked).toEqual([{ text, language: 'en', entities: ['PERSON'], score_threshold: 0.5 }]);
    expect(await create()('nobody is here')).toEqual([]);
  });

  it('leaves what is less sure than wanted, and calls what it does not know an id', async () => {
    answer = (question, response) =>
      json([...found(question, { score: 0.4 }), ...found(question, { entity_type: 'PL_X' })])(
        response,
      );
    expect(await create()(`ask ${NAME}`)).toMatchObject([{ type: 'id' }]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['an error', (response) => void response.writeHead(500).end('[]')],
    ['a redirect', (response) => void response.writeHead(302, { location: '/' }).end()],
    ['no JSON', (response) => void response.writeHead(200).end('<html>')],
    ['no list', json({ error: 'busy' })],
    ['a list of texts', json(['PERSON'])],
    ['no score', json([{ start: 0, end: 2, entity_type: 'PERSON' }])],
    ['a place outside', json([{ start: 3, end: 3_000, score: 1, entity_type: 'PERSON' }])],
    ['a place within a character', json([{ start: 0.5, end: 2, score: 1, entity_type: 'X' }])],
    ['a place turned round', json([{ start: 4, end: 2, score: 1, entity_type: 'X' }])],
    ['a broken connection', (response) => void response.destroy()],
    ['more than is read', json('x'.repeat(LIMITS.externalAnswerBytes + 1))],
  ])('judges nothing by %s', async (_name, answered) => {
    answer = (_question, response) => answered(response);
    expect(await create()(`ask ${NAME}`)).toBeNull();
  });

  it('judges nothing that it is too slow for, waiting included', async () => {
    answer = () => undefined;
    const recognise = create({ timeoutMs: 20, maxConcurrent: 1 });
    expect(await Promise.all([recognise('one text'), recognise('two texts')])).toEqual([
      ...[null, null],
    ]);
    answer = (question, response) => json(found(question))(response);
    expect(await create({ maxConcurrent: 1 })(`ask ${NAME}`)).toHaveLength(1);
  });

  it('refuses what its queue has no room for, and asks no more at a time than it may', async () => {
    const held: (() => void)[] = [];
    answer = (question, response) => held.push(() => json(found(question))(response));
    const recognise = create({ maxConcurrent: 2 });
    const all = Array.from({ length: LIMITS.externalQueue + 3 }, (_, at) => recognise(`a ${at}`));
    expect(await all.at(-1)).toBeNull();
    await eventually(
      async () => held.length,
      (length) => length === 2,
    );
    expect(asked).toHaveLength(2);
    answer = (question, response) => json(found(question))(response);
    for (const release of held) release();
    const judged = await Promise.all(all);
    expect(judged.filter((spans) => spans === null)).toHaveLength(1);
    expect(await recognise('x '.repeat(LIMITS.externalTextChars))).toBeNull();
  });

  it('is not reached where it may not be', async () => {
    const post = createGuardedPost({});
    expect(await create({ post })(`ask ${NAME}`)).toBeNull();
    const metadata = 'http://169.254.169.254/analyze';
    expect(await create({ url: metadata })(`ask ${NAME}`)).toBeNull();
    expect(asked).toEqual([]);
  });
});

describe('a daemon with an external recogniser', () => {
  it('asks about free text alone, without what it found itself, and fails closed', async () => {
    const settings = `redaction: { external: { url: "${url}" }, modes: { location: type } }\n`;
    const workplace = await createWorkplace(settings);
    const own = await startOwnDaemon(workplace);
    const { daemon } = own;
    try {
      answer = (question, response) => {
        if (question.text.includes('broken')) response.writeHead(500).end();
        else {
          const at = question.text.indexOf('Plock');
          const place = { start: at, end: at + 5, score: 1, entity_type: 'LOCATION' };
          json([...found(question), ...(at < 0 ? [] : [place])])(response);
        }
      };
      const token = own.token('local-operator');
      const event = {
        ...{ id: 'e-1', time: Date.now(), agent: { id: 'bot one' }, trace: { trace_id: 't-1' } },
        action: {
          name: 'send_email',
          arguments: { body: `Write to ${NAME} in Plock, card 4111 1111 1111 1111`, to: 'x-1' },
        },
        intent: { text: 'this text is broken' },
      };
      const sent = await ask(`${daemon.urls.main}/v1/events`, {
        token: own.token('local-ingest'),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([event]),
      });
      expect(JSON.parse(sent.text)).toMatchObject({ accepted: 1 });
      const text = await ledgerOf(workplace.directory);
      expect(text).not.toMatch(/Zofia|Wrzosek|Plock|is broken/);
      expect(text).toMatch(/Write to \[person:[^\]]+\] in \[location\], card \[card:/);
      expect(text).toContain('[REDACTION_FAILED]');
      expect(asked.map((question) => question.text).sort()).toEqual([
        expect.stringMatching(/^Write to Zofia Wrzosek in Plock, card \[card:/),
        'this text is broken',
      ]);
      const findings = await ask(`${daemon.urls.main}/v1/pii/findings`, { token });
      expect(findings.text).toContain('"person"');
    } finally {
      await daemon.close();
      await workplace.remove();
    }
  });
});
