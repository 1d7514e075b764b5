import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../core/limits.ts';
import { checkedUrl, createGuardedPost, mayReach } from './guarded-post.ts';

describe('mayReach', () => {
  it.each([
    ['8.8.8.8', {}, true],
    ['2606:4700::1', {}, true],
    ['127.0.0.1', {}, false],
    ['127.9.9.9', { allowLoopback: true }, true],
    ['::1', {}, false],
    ['::1', { allowLoopback: true }, true],
    ['::ffff:127.0.0.1', {}, false],
    ['::ffff:10.0.0.1', {}, false],
    ['::ffff:169.254.169.254', { allowPrivate: true, allowLoopback: true }, false],
    ['10.1.2.3', {}, false],
    ['10.1.2.3', { allowPrivate: true }, true],
    ['10.1.2.3', { allowLoopback: true }, false],
    ['172.31.0.1', {}, false],
    ['172.32.0.1', {}, true],
    ['192.168.1.1', {}, false],
    ['100.64.0.1', {}, false],
    ['fd00::1', {}, false],
    ['fd00::1', { allowPrivate: true }, true],
    ['169.254.169.254', { allowPrivate: true, allowLoopback: true }, false],
    ['fe80::1', { allowPrivate: true, allowLoopback: true }, false],
    ['0.0.0.0', { allowPrivate: true, allowLoopback: true }, false],
    ['64:ff9b::a00:1', { allowPrivate: true, allowLoopback: true }, false],
    ['224.0.0.1', { allowPrivate: true }, false],
    ['not an address', { allowPrivate: true, allowLoopback: true }, false],
  ])('%s with %j: %s', (address, reach, reachable) => {
    expect(mayReach(address, reach)).toBe(reachable);
  });

  it.each([
    ...['::169.254.169.254', '::7f00:1', '::ffff:0:127.0.0.1', '64:ff9b:1::a9fe:a9fe'],
    ...['2001::1', '3fff::1', '5f00::1', 'fec0::1', '192.88.99.1'],
    ...['168.63.129.16', '100.100.100.200', 'fd00:ec2::254'],
  ])('never %s: forms of other addresses, and where clouds answer', (address) => {
    expect(mayReach(address, { allowPrivate: true, allowLoopback: true })).toBe(false);
  });
});

describe('checkedUrl', () => {
  it.each([
    ['http://receiver.example/set', {}],
    ['http://10.0.0.1/set', { allowPrivate: true }],
    ['http://127.0.0.1/set', {}],
    ['https://127.0.0.1/set', {}],
    ['https://[::1]/set', {}],
    ['https://2130706433/set', {}],
    ['https://user:secret@receiver.example/', {}],
    ['file:///etc/passwd', { allowLoopback: true }],
    ['nonsense', {}],
  ])('refuses %s', (url, reach) => {
    expect(() => checkedUrl(url, reach)).toThrow();
  });

  it.each([
    ['https://receiver.example/set', {}],
    ['http://127.0.0.1:8080/set', { allowLoopback: true }],
    ['http://localhost/set', { allowLoopback: true }],
    ['https://10.0.0.1/set', { allowPrivate: true }],
  ])('accepts %s', (url, reach) => {
    expect(checkedUrl(url, reach).href).toBe(url);
  });
});

describe('createGuardedPost', () => {
  const signal = new AbortController().signal;

  it('judges the address that a name resolves to, at the moment of connecting', async () => {
    const post = createGuardedPost({});
    const url = new URL('https://localhost:9/');
    await expect(post({ url, headers: {}, body: '', signal })).rejects.toThrow('address_refused');
  });

  it('keeps connections to itself, since only new ones are judged', async () => {
    const ports: (number | undefined)[] = [];
    const server = createServer((request, response) => {
      ports.push(request.socket.remotePort);
      request.resume().on('end', () => response.end('ok'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://localhost:${port}/`);
    const [one, other] = [1, 2].map(() => createGuardedPost({ allowLoopback: true }));
    for (const post of [one, one, other]) await post?.({ url, headers: {}, body: 'x', signal });
    expect(ports[1]).toBe(ports[0]);
    expect(ports[2]).not.toBe(ports[0]);
    server.closeAllConnections();
    server.close();
  });

  it('does not follow a redirect and reads little of an endless answer', async () => {
    const paths: string[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere', 'retry-after': '3' });
      response.write('x'.repeat(LIMITS.deliveryAnswerBytes * 4));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = new URL(`http://127.0.0.1:${port}/set`);
    const answer = await createGuardedPost({ allowLoopback: true })({
      url,
      headers: {},
      body: 'b',
      signal,
    });
    expect(answer).toMatchObject({ status: 307, retryAfter: '3' });
    expect(answer.text).toHaveLength(LIMITS.deliveryAnswerBytes);
    expect(paths).toEqual(['/set']);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
