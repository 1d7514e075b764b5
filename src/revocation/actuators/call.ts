import { fill, fillJson, type Values } from './placeholders.ts';
import type { HttpCall, Step } from './template.ts';

/** One step with everything filled in. */
export type Call =
  | {
      readonly kind: 'http';
      readonly method: HttpCall['method'];
      readonly url: URL;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    }
  | { readonly kind: 'socket'; readonly address: string; readonly command: string }
  | {
      readonly kind: 'redis';
      readonly address: string;
      readonly tls: boolean;
      readonly user: string | null;
      readonly password: string | null;
      readonly command: readonly string[];
    }
  | { readonly kind: 'exec'; readonly command: readonly string[]; readonly stdin: string };

/** Fills a step in. @throws Unrepresentable for a value that cannot stand where it would go. */
export function callOf(step: Step, values: Values): Call {
  const { http, socket, redis, exec } = step;
  if (http) return httpCall(http, values);
  if (socket) {
    const address = fill(socket.address, values, 'text');
    return { kind: 'socket', address, command: fill(socket.command, values, 'command') };
  }
  if (redis) {
    return {
      kind: 'redis',
      address: fill(redis.address, values, 'text'),
      tls: redis.tls ?? false,
      user: redis.user === undefined ? null : fill(redis.user, values, 'text'),
      password: redis.password === undefined ? null : fill(redis.password, values, 'text'),
      command: redis.command.map((word) => fill(word, values, 'text')),
    };
  }
  const command = exec?.command.map((word) => fill(word, values, 'argument')) ?? [];
  const stdin = exec?.json === undefined ? '' : JSON.stringify(fillJson(exec.json, values));
  return { kind: 'exec', command, stdin };
}

function httpCall(http: HttpCall, values: Values): Call {
  const headers: Record<string, string> = { accept: 'application/json' };
  for (const [name, value] of Object.entries(http.headers ?? {})) {
    const filled = fill(value, values, 'header');
    // Of a parameter that is left out.
    if (filled !== '') headers[name.toLowerCase()] = filled;
  }
  if (http.basic) {
    // RFC 6749 section 2.3.1: both are form-encoded first.
    const pair = [http.basic.user, http.basic.password].map((part) =>
      encodeURIComponent(fill(part, values, 'text')),
    );
    headers['authorization'] = `Basic ${Buffer.from(pair.join(':')).toString('base64')}`;
  }
  let body = '';
  if (http.json !== undefined) {
    body = JSON.stringify(fillJson(http.json, values));
    headers['content-type'] ??= 'application/json';
  } else if (http.form) {
    const fields = new URLSearchParams();
    for (const [key, value] of Object.entries(http.form)) {
      fields.append(key, fill(value, values, 'text'));
    }
    body = fields.toString();
    headers['content-type'] ??= 'application/x-www-form-urlencoded';
  }
  const url = new URL(fill(http.url, values, 'url'));
  return { kind: 'http', method: http.method, url, headers, body };
}

/** A call as a person reads it before it is made. Give it values whose secrets are masked. */
export function callText(call: Call): readonly string[] {
  switch (call.kind) {
    case 'http': {
      const { authorization, ...headers } = call.headers;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      const shown = authorization?.startsWith('Basic ') ? 'Basic ***' : authorization;
      if (shown !== undefined) lines.push(`authorization: ${shown}`);
      const body = call.body === '' ? [] : ['', call.body];
      return [`${call.method} ${call.url.href}`, ...lines.sort(), ...body];
    }
    case 'socket':
      return [`socket ${call.address}`, call.command];
    case 'redis':
      return [`redis ${call.address}${call.tls ? ' (TLS)' : ''}`, JSON.stringify(call.command)];
    case 'exec':
      return [`exec ${JSON.stringify(call.command)}`, ...(call.stdin === '' ? [] : [call.stdin])];
  }
}
