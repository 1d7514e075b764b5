import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../src/core/time.ts';
import { INCIDENTS } from '../../src/demo/incidents.ts';
import { createRandom } from '../../src/demo/random.ts';
import { history, type NativeEvent, ongoing, ordinary, timeOf } from '../../src/demo/traffic.ts';
import { DEMO_AGENTS, demoGrants } from '../../src/demo/world.ts';

const NOW = Date.UTC(2026, 10, 20, 10, 0, 30);
const HISTORY_DAYS = 3;

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Line = Readonly<Record<string, unknown>> & { readonly type: string };

let directory = '';
const at = (name: string): string => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tripcoil-replay-'));
  await writeFile(at('grants.yaml'), demoGrants());
  const learned = [...history(createRandom(7), NOW)].filter(
    ({ time }) => Date.parse(String(time)) > NOW - HISTORY_DAYS * DAY_MS,
  );
  await writeFile(at('history.ndjson.gz'), gzipSync(linesOf(learned)));
  await writeFile(at('ongoing.ndjson'), linesOf(halfDay()));
  await writeFile(at('short.ndjson'), linesOf(learned.slice(-500)));
  await writeFile(at('input.ndjson'), `${linesOf(inputEvents())}${OTLP_LINE}\n${BAD_LINES}`);
});

afterAll(() => rm(directory, { recursive: true }));

/** Half an hour of ordinary work, then what the demo plants, in the order of time. */
function inputEvents(): readonly NativeEvent[] {
  const random = createRandom(8);
  const calm = DEMO_AGENTS.flatMap((agent, index) => [
    ordinary(random, agent, NOW - HOUR_MS / 2 + index * 1_000, `calm-a-${index}`),
    ordinary(random, agent, NOW - HOUR_MS / 4 + index * 1_000, `calm-b-${index}`),
  ]);
  const planted = INCIDENTS.flatMap((incident) => incident.events(NOW));
  return [...calm, ...planted].sort((left, right) => timeOf(left) - timeOf(right));
}

/** What goes on in the demo after its incidents. */
function halfDay(): readonly NativeEvent[] {
  const events: NativeEvent[] = [];
  for (const event of ongoing(createRandom(7), NOW)) {
    if (timeOf(event) > NOW + DAY_MS / 2) break;
    events.push(event);
  }
  return events;
}

/** The same agent under a name that the redactor replaces. */
function renamed(event: NativeEvent): NativeEvent {
  const agent = { ...event.agent, id: `${event.agent.id} 4111 1111 1111 1111` };
  return { ...event, agent };
}

function linesOf(events: readonly object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

/** A span of an agent that nobody registered, reading another tenant's account. */
const OTLP_LINE = JSON.stringify({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
              spanId: '00f067aa0ba902b7',
              name: 'execute_tool read_account',
              startTimeUnixNano: `${NOW - 60_000}000000`,
              endTimeUnixNano: `${NOW - 59_000}000000`,
              attributes: [
                { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
                { key: 'gen_ai.tool.name', value: { stringValue: 'read_account' } },
                { key: 'gen_ai.agent.id', value: { stringValue: 'span-bot' } },
                { key: 'tripcoil.tenant.id', value: { stringValue: 'acme' } },
                { key: 'tripcoil.resource.id', value: { stringValue: 'account' } },
                { key: 'tripcoil.resource.tenant', value: { stringValue: 'globex' } },
              ],
            },
          ],
        },
      ],
    },
  ],
});

const BAD_LINES = 'no json\n{"id":"x","time":1795168800000,"action":{"name":"read"}}\n';

async function replay(...args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, ['src/main.ts', 'replay', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await closed, stdout, stderr };
}

function parse(stdout: string): readonly Line[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Everything but the two values that tell of the machine. */
function withoutTiming(stdout: string): string {
  return stdout.replace(/"wall_ms":\d+,"events_per_s":\d+/, '');
}

const settings = (): readonly string[] => [
  '--history',
  at('history.ndjson.gz'),
  '--grants',
  at('grants.yaml'),
];

describe('tripcoil replay', () => {
  it('has nothing to say of half a day of the ordinary work it learned', async () => {
    const run = await replay(at('ongoing.ndjson'), ...settings());
    expect(run.code).toBe(0);
    expect(new Set(parse(run.stdout).map(({ type }) => type))).toEqual(new Set(['summary']));
  });

  it('gives the same bytes twice, in the fixed shapes, with exactly what was planted', async () => {
    const run = await replay(at('input.ndjson'), ...settings());
    const again = await replay(at('input.ndjson'), ...settings());
    expect(run.code).toBe(0);
    expect(withoutTiming(again.stdout)).toBe(withoutTiming(run.stdout));
    expect(withoutTiming(run.stdout)).not.toBe(run.stdout);

    const lines = parse(run.stdout);
    const fixed = new Map(FIXED_KEYS);
    for (const line of lines) {
      const keys = fixed.get(line.type) ?? [];
      expect(Object.keys(line).slice(0, keys.length)).toEqual(keys);
    }
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(fixed.keys()));
    const openings = lines.filter(({ type, to, level }) => {
      return type === 'transition' && to === 'open' && Number(level) >= 4;
    });
    expect(openings.map(({ reason, key, level }) => ({ reason, key, level }))).toEqual(
      INCIDENTS.map(({ detector, key, level }) => {
        return { reason: detector, key: expect.objectContaining(key), level };
      }),
    );
    expect(lines.filter(({ type }) => type === 'revocation')).toHaveLength(INCIDENTS.length);
    expect(lines).toContainEqual(
      expect.objectContaining({ type: 'transition', level: 2, reason: 'cross_tenant_access' }),
    );
    expect(lines.at(-1)).toMatchObject({ type: 'summary', rejected: 2, agents: 25 });
  });

  it('rejects bad lines by line, code and path, before all else', async () => {
    const { stdout } = await replay(at('input.ndjson'), ...settings());
    const count = inputEvents().length;
    const [first, second] = parse(stdout);
    expect(first).toMatchObject({ type: 'reject', line: count + 2, code: 'malformed', path: '' });
    expect(second).toMatchObject({
      type: 'reject',
      line: count + 3,
      code: 'missing_field',
      path: 'agent.id',
    });
  });

  it('merges files by event time, gzipped or not', async () => {
    const events = inputEvents();
    await writeFile(at('all.ndjson'), linesOf(events));
    const isEven = (event: NativeEvent): boolean => Math.floor(timeOf(event) / 1_000) % 2 === 0;
    await writeFile(at('even.ndjson'), linesOf(events.filter(isEven)));
    const odd = events.filter((event) => !isEven(event));
    odd.sort((left, right) => timeOf(right) - timeOf(left));
    expect(odd.length).toBeGreaterThan(20);
    await writeFile(at('odd.json.gz'), gzipSync(JSON.stringify(odd, null, 1)));
    const whole = await replay(at('all.ndjson'), ...settings());
    const parts = await replay(at('odd.json.gz'), at('even.ndjson'), ...settings());
    expect(parse(whole.stdout).length).toBeGreaterThan(6);
    expect(withoutTiming(parts.stdout)).toBe(withoutTiming(whole.stdout));
  });

  it('judges isolated sessions without a trace of each other', async () => {
    const shared = { agent: 'research-assistant', tenant: 'initech' };
    const session = (id: string, resourceTenant: string, shift: number): readonly object[] =>
      [0, 1, 2].map((index) => ({
        id: `${id}-${index}`,
        time: NOW + shift + index * 1_000,
        tenant: shared.tenant,
        agent: { id: shared.agent },
        session: { id },
        action: { name: 'search_accounts', op: 'read' },
        resource: { type: 'crm', id: 'account-list', tenant: resourceTenant },
        outcome: { status: 'success' },
      }));
    const one = session('s-one', 'globex', 0);
    const two = session('s-two', 'acme', 500);
    await writeFile(at('one.ndjson'), linesOf(one));
    await writeFile(at('two.ndjson'), linesOf(two));
    const short = ['--history', at('short.ndjson'), '--grants', at('grants.yaml')];
    const isolated = [...short, '--isolate', 'session'];
    const alone = [
      await replay(at('one.ndjson'), ...isolated),
      await replay(at('two.ndjson'), ...isolated),
    ];
    const together = await replay(at('one.ndjson'), at('two.ndjson'), ...isolated);
    const reversed = await replay(at('two.ndjson'), at('one.ndjson'), ...isolated);
    const expected = alone.flatMap(({ stdout }) => decisionsOf(stdout));
    expect(decisionsOf(together.stdout)).toEqual(expected);
    expect(decisionsOf(reversed.stdout)).toEqual(expected);
    expect(expected.filter((line) => line.includes('"level":5'))).toHaveLength(6);

    const joined = await replay(at('one.ndjson'), at('two.ndjson'), ...short);
    expect(decisionsOf(joined.stdout)).not.toEqual(expected);
  });

  it('judges an isolated session by what its pseudonymised agent learned', async () => {
    const events = inputEvents().map(renamed);
    const learned = [...history(createRandom(7), NOW)].filter(
      ({ time }) => Date.parse(String(time)) > NOW - HISTORY_DAYS * DAY_MS,
    );
    await writeFile(at('named-history.ndjson'), linesOf(learned.map(renamed)));
    await writeFile(at('named.ndjson'), linesOf(events));
    await writeFile(at('plain.ndjson'), linesOf(inputEvents()));
    const isolated = ['--isolate', 'session'];
    const plain = await replay(at('plain.ndjson'), ...settings(), ...isolated);
    const named = await replay(
      ...[at('named.ndjson'), '--history', at('named-history.ndjson')],
      ...isolated,
    );
    const spikes = ({ stdout }: Run): number => stdout.split('"detector":"volume_spike"').length;
    expect(spikes(plain)).toBeGreaterThan(1);
    expect(spikes(named)).toBe(spikes(plain));
    expect(named.stdout).not.toContain('4111 1111');
  });

  it('raises at most level 2 on the word of an agent', async () => {
    const { stdout } = await replay(at('input.ndjson'), ...settings(), '--trust', 'agent');
    const levels = parse(stdout)
      .filter(({ type }) => type === 'transition')
      .map(({ level }) => Number(level));
    expect(Math.max(...levels)).toBe(2);
    expect(stdout).not.toContain('"type":"revocation"');
  });

  it('writes to the file asked for instead of standard output', async () => {
    const plain = await replay(at('input.ndjson'), ...settings());
    const { code, stdout } = await replay(
      at('input.ndjson'),
      ...settings(),
      '--out',
      at('out.jsonl'),
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const written = await readFile(at('out.jsonl'), 'utf8');
    expect(withoutTiming(written)).toBe(withoutTiming(plain.stdout));
  });

  it('says how much of the history was rejected, and writes nothing of it', async () => {
    await writeFile(at('torn.ndjson'), 'no json\n');
    await writeFile(at('empty.ndjson'), '');
    const run = await replay(at('empty.ndjson'), '--history', at('torn.ndjson'));
    expect(run.code).toBe(0);
    expect(parse(run.stdout)).toMatchObject([{ type: 'summary', events: 0, rejected: 0 }]);
    expect(run.stderr).toContain('1 records of the history were rejected');
  });

  it.each([
    ['a missing input', ['nowhere.ndjson'], 3, 'tripcoil: not_found: nowhere.ndjson: no such file'],
    ['no input', [], 64, 'takes input files, or --from-ledger'],
    ['an unknown format', ['x', '--format', 'octa'], 64, 'did you mean okta?'],
    ['an unknown isolation', ['x', '--isolate', 'agent'], 64, '--isolate takes session'],
    ['an unknown trust', ['x', '--trust', 'nobody'], 64, '--trust takes agent, broker'],
    ['an unknown option', ['x', '--nope'], 64, "unknown option '--nope'"],
    ['missing grants', ['x', '--grants', 'nowhere.yaml'], 78, 'nowhere.yaml: no such file'],
  ])('refuses %s with its code and reason', async (_what, args, code, reason) => {
    const run = await replay(...args);
    expect(run).toMatchObject({ code, stdout: '' });
    expect(run.stderr).toContain(reason);
    expect(run.stderr).not.toContain('    at ');
  });
});

/** Findings, transitions and revocations; a jti holds the position in the log, which may differ. */
function decisionsOf(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .filter((line) => /^\{"type":"(?:finding|transition|revocation)"/.test(line))
    .map((line) => line.replace(/"jti":"[^"]+"/, ''));
}

const FIXED_KEYS: readonly (readonly [string, readonly string[]])[] = [
  ['reject', ['type', 'line', 'code', 'path', 'message']],
  [
    'finding',
    [
      ...['type', 'time', 'event_id', 'tenant', 'agent', 'detector', 'mode', 'level', 'score'],
      ...['actual', 'typical', 'probability', 'title'],
    ],
  ],
  [
    'transition',
    [...['type', 'time', 'event_id', 'key', 'from', 'to', 'level', 'epoch', 'reason', 'class']],
  ],
  ['revocation', ['type', 'time', 'event_id', 'key', 'level', 'term', 'epoch', 'jti', 'events']],
  [
    'summary',
    [
      ...['type', 'events', 'rejected', 'agents', 'findings', 'transitions', 'wall_ms'],
      'events_per_s',
    ],
  ],
];
