import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kafkaDecoder } from '../../src/composition/kafka-decoders.ts';
import { tenantOfAccountIn } from '../../src/receivers/audit/accounts.ts';
import { auditFormats } from '../../src/receivers/audit/formats.ts';
import { ask } from './http.ts';
import { call, createWorkplace, serve, tripcoil } from './served-daemon.ts';

/** The fenced blocks of the page, by language and name. */
async function blocksOf(page: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const blocks = new Map<string, string[]>();
  for (const [, name = '', text = ''] of (await readFile(page, 'utf8')).matchAll(
    /^```(.+)\n([\s\S]*?)^```$/gm,
  )) {
    blocks.set(name, [...(blocks.get(name) ?? []), text]);
  }
  return blocks;
}

const TOKEN = 'audit-settings-token-0123';
const opa = {
  ...{ decision_id: 'd-1', path: 'desk/allow', timestamp: '2026-11-21T09:00:00Z', result: true },
  input: { caller: { workload: 'opa-bot' }, org: 'acme', do: 'open', what: { urn: 'urn:1' } },
};
const trail = (account: string) => ({
  ...{ eventVersion: '1.11', eventSource: 's3.amazonaws.com', eventName: 'GetObject' },
  ...{ eventID: `t-${account}`, eventTime: '2026-11-21T09:00:00Z', awsRegion: 'eu-west-1' },
  userIdentity: { arn: `arn:aws:iam::${account}:role/trail-bot`, accountId: account },
});

describe('docs/audit-profiles.md', () => {
  let directory: string;
  let records: readonly object[];
  let config: string;

  beforeAll(async () => {
    const blocks = await blocksOf('docs/audit-profiles.md');
    const audit = (blocks.get('yaml config') ?? []).map((text) => parse(text).audit);
    config = JSON.stringify({ audit: Object.assign({}, ...audit) });
    records = [
      JSON.parse(blocks.get('json record')?.[0] ?? ''),
      ...[opa, trail('111122223333'), trail('444455556666')],
    ];
    directory = await mkdtemp(join(tmpdir(), 'tripcoil-test-'));
    await writeFile(join(directory, 'desk.yaml'), blocks.get('yaml profile')?.[0] ?? '');
    await writeFile(join(directory, 'tripcoil.yaml'), config);
    await writeFile(
      join(directory, 'records.jsonl'),
      records.map((record) => `${JSON.stringify(record)}\n`).join(''),
    );
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  const NO_REJECTS = { duplicates: 0, ignored: 0, rejected_count: 0, rejected: [] };
  const AGENTS = [
    'acme/arn:aws:iam::111122223333:role/trail-bot',
    'acme/opa-bot',
    'acme/triage-bot',
    'globex/arn:aws:iam::444455556666:role/trail-bot',
  ];

  it('is what serve does', async () => {
    const extra = `tokens:
  - { name: hub, token: ${TOKEN}, roles: [ingest], tenants: [acme, globex], trust: pdp }
${config.slice(1, -1).replace('"audit":', 'audit: ')}\n`;
    const workplace = await createWorkplace(extra);
    await writeFile(
      join(workplace.directory, 'desk.yaml'),
      await readFile(join(directory, 'desk.yaml')),
    );
    const daemon = await serve(workplace);
    try {
      const [first, ...others] = records;
      const sent = [
        await ask(`${daemon.main}/v1/audit/desk`, { token: TOKEN, body: JSON.stringify(first) }),
        await ask(`${daemon.main}/v1/audit`, { token: TOKEN, body: JSON.stringify(others) }),
      ];
      expect(sent.map(({ text }) => JSON.parse(text))).toEqual([
        { accepted: 1, ...NO_REJECTS },
        { accepted: 3, ...NO_REJECTS },
      ]);
      const operator = await daemon.token('local-operator');
      const names: string[] = [];
      for (const tenant of ['acme', 'globex']) {
        const { body } = await call<{ items: { agent: string }[] }>(
          ...[daemon, operator, 'GET', `/v1/agents?tenant=${tenant}`],
        );
        names.push(...body.items.map(({ agent }) => `${tenant}/${agent}`));
      }
      expect(names.toSorted()).toEqual(AGENTS);
    } finally {
      await daemon.stop();
      await workplace.remove();
    }
  });

  it('is what replay and import do', async () => {
    const [file, settings] = [join(directory, 'records.jsonl'), join(directory, 'tripcoil.yaml')];
    const replayed = await tripcoil('replay', file, '-c', settings);
    expect(replayed.stderr).toContain('4 events, 0 rejected');
    const named = await tripcoil('replay', file, '-c', settings, '--format', 'desk');
    expect(named.stderr).toContain('1 event, 3 rejected');
    const imported = await tripcoil('import', '--history', file, '-c', settings);
    expect(imported.stderr).toContain('learned from 4 events of 4 agents; 0 were refused');
  });

  it('is what Kafka sources do', async () => {
    const settings = JSON.parse(config).audit;
    const profiles = [parse(await readFile(join(directory, 'desk.yaml'), 'utf8'))];
    const tenants = ['acme', 'globex'];
    const decoder = kafkaDecoder({
      ...{ format: 'audit:auto', signal: null },
      sender: { name: 'topic', roles: ['ingest'], tenants, trust: 'broker' },
      formats: auditFormats({ profiles, opa: settings.opa }),
      tenantOfAccount: tenantOfAccountIn(settings.accounts),
    });
    const seen = records.flatMap((record) => {
      const value = Buffer.from(JSON.stringify(record));
      const read = decoder?.decode({ value, headers: new Map(), timestamp: 0 } as never);
      return read?.events.map((event) => `${event.tenantClaimed}/${event.agent.id}`) ?? [];
    });
    expect(seen.toSorted()).toEqual(AGENTS);
  });

  it('is checked: a wrong field is named by file, line and path', async () => {
    const text = await readFile(join(directory, 'desk.yaml'), 'utf8');
    await writeFile(join(directory, 'wrong.yaml'), text.replace('[/bot/id, /user]', '[bot.id]'));
    const settings = join(directory, 'wrong-config.yaml');
    await writeFile(settings, 'audit: { profiles: [./wrong.yaml] }\n');
    const checked = await tripcoil('config', 'check', settings);
    expect(checked.code).toBe(78);
    expect(checked.stderr).toContain(
      `${settings}:1:21 audit.profiles[0]: ./wrong.yaml:6:15 agent.id[0]: `,
    );
  });
});
