import type { GatewayRuling } from './ruling.ts';

/** A ruling as response headers, for both kinds of ext_authz and for auth_request. */
export function headersOf(ruling: GatewayRuling): readonly (readonly [string, string])[] {
  const { level, reason, kind, epoch, retryAfterSeconds, status } = ruling;
  return [
    ['x-tripcoil-level', String(level)],
    ['x-tripcoil-reason', reason],
    ...(kind === null
      ? []
      : ([
          ['x-tripcoil-kind', kind],
          ['x-tripcoil-epoch', String(epoch)],
        ] as const)),
    ...(ruling.approvable ? ([['x-tripcoil-approvable', 'true']] as const) : []),
    ...(retryAfterSeconds === null ? [] : ([['retry-after', String(retryAfterSeconds)]] as const)),
    ...(status === 429 ? ([['x-tripcoil-throttled', 'true']] as const) : []),
  ];
}
