import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf } from '../../src/revocation/actuators/testing/orders.ts';
import { eventually } from '../integration/served-daemon.ts';
import { targetActuator } from './target-actuator.ts';
import { serverIsHere } from './toolchain.ts';

const TARGET = 'invoice-bot';

describe.skipIf(!serverIsHere('redis-server'))('a real Redis', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tripcoil-redis-'));
  const socket = join(folder, 'redis.sock');
  let server: ChildProcess;
  const redis = () =>
    targetActuator('redis', { address: socket, password: 'env:SECRET' }, { SECRET: 'a-password' });

  beforeAll(async () => {
    const words = [
      '--port',
      '0',
      '--unixsocket',
      socket,
      '--requirepass',
      'a-password',
      '--save',
      '',
    ];
    server = spawn('redis-server', words, { cwd: folder, stdio: 'ignore' });
    await eventually(
      () => redis().observe(orderOf(), TARGET),
      (seen) => seen !== 'unknown',
    );
  });

  afterAll(() => {
    server.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  it('freezes, is seen frozen, and restores', async () => {
    const actuator = redis();
    expect(await actuator.observe(orderOf(), TARGET)).toBe('active');
    expect(await actuator.freeze(orderOf({ epoch: 1 }), TARGET)).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), TARGET)).toBe('frozen');
    const closed = orderOf({ level: 0, epoch: 2 });
    expect(await actuator.restore(closed, TARGET)).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), TARGET)).toBe('active');
  });

  it('lets no older order undo a newer one', async () => {
    const actuator = redis();
    await actuator.freeze(orderOf({ term: 2, epoch: 9 }), 'fenced');
    const late = orderOf({ level: 0, term: 2, epoch: 8 });
    expect(await actuator.restore(late, 'fenced')).toMatchObject({ status: 'done' });
    expect(await actuator.observe(orderOf(), 'fenced')).toBe('frozen');
    await actuator.restore(orderOf({ level: 0, term: 3, epoch: 1 }), 'fenced');
    expect(await actuator.observe(orderOf(), 'fenced')).toBe('active');
  });

  it('obeys one key of a target though another has come further', async () => {
    const actuator = redis();
    await actuator.freeze(orderOf({ epoch: 1 }), 'shared');
    await actuator.restore(orderOf({ level: 0, epoch: 2 }), 'shared');
    const key = { tenant: 'acme', kind: 'session', id: 's-1', agent: 'invoice-bot' } as const;
    await actuator.freeze(orderOf({ key, level: 4, epoch: 1 }), 'shared');
    expect(await actuator.observe(orderOf(), 'shared')).toBe('frozen');
  });

  it('takes any id as data', async () => {
    const odd = 'a b\r\nFLUSHALL\r\n"{x}" ü';
    await redis().freeze(orderOf(), 'stays');
    await redis().freeze(orderOf(), odd);
    expect(await redis().observe(orderOf(), odd)).toBe('frozen');
    expect(await redis().observe(orderOf(), 'stays')).toBe('frozen');
  });

  it('is refused with a wrong password, and tries again later', async () => {
    const wrong = targetActuator(
      'redis',
      { address: socket, password: 'env:SECRET' },
      { SECRET: 'no' },
    );
    expect(await wrong.freeze(orderOf(), TARGET)).toMatchObject({ status: 'retry' });
    expect(await wrong.observe(orderOf(), TARGET)).toBe('unknown');
  });
});
