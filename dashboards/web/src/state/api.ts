import type {
  AgentBody,
  BreakerBody,
  ChainBody,
  ErrorBody,
  FindingBody,
  PageBody,
  StatusBody,
} from '../../../../src/api/contract.ts';

/** One bucket of an agent's behaviour; `time` is the bucket's start in epoch milliseconds. */
export interface ActivityBucket {
  readonly time: number;
  readonly calls: number;
  readonly records: number;
}

/** Why a request failed, ready to be shown. */
export class RequestProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly requestId: string | undefined;

  constructor(code: string, message: string, status: number, requestId?: string) {
    super(message);
    this.name = 'RequestProblem';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
  }
}

const TIMEOUT_MS = 15_000;

async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      headers: { accept: 'application/json' },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestProblem('unreachable', 'The server does not answer.', 0);
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, body);
  return body;
}

/** Reads an error body, and stays useful when it is not one (a proxy's page, say). */
export function problemOf(status: number, body: unknown): RequestProblem {
  const error = (typeof body === 'object' && body !== null ? body : {}) as Partial<ErrorBody>;
  const code = typeof error.code === 'string' ? error.code : `http_${status}`;
  const message =
    typeof error.message === 'string' ? error.message : `The server answered ${status}.`;
  return new RequestProblem(code, message, status, error.request_id);
}

/** Lists come as a page or as a bare array. */
export function itemsOf<Row>(body: unknown): readonly Row[] {
  if (Array.isArray(body)) return body as Row[];
  const items = (body as { readonly items?: unknown } | null)?.items;
  return Array.isArray(items) ? (items as Row[]) : [];
}

export interface FindingFilter {
  readonly tenant?: string | undefined;
  readonly agent?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every request the page makes; addresses are relative so that a path prefix works. */
export const api = {
  status: async (): Promise<StatusBody> => (await getJson('v1/status')) as StatusBody,

  agents: async (): Promise<readonly AgentBody[]> => itemsOf(await getJson('v1/agents')),

  breakers: async (): Promise<readonly BreakerBody[]> =>
    itemsOf(await getJson('v1/breakers?include=closed')),

  findings: async (filter: FindingFilter): Promise<PageBody<FindingBody>> => {
    const { limit, cursor, agent, tenant } = filter;
    const body = await getJson(`v1/findings${query({ limit, cursor, agent, tenant })}`);
    const next = (body as { readonly next?: unknown }).next;
    return { items: itemsOf(body), next: typeof next === 'string' ? next : null };
  },

  chain: async (id: string, signal: AbortSignal): Promise<ChainBody> =>
    (await getJson(`v1/chains/${encodeURIComponent(id)}`, signal)) as ChainBody,

  activity: async (
    of: { tenant: string; agent: string; sinceMs: number; bucketMs: number },
    signal: AbortSignal,
  ): Promise<readonly ActivityBucket[]> => {
    const path = `v1/agents/${encodeURIComponent(of.tenant)}/${encodeURIComponent(of.agent)}`;
    const asked = query({ since: new Date(of.sinceMs).toISOString(), bucket: of.bucketMs });
    return bucketsOf(await getJson(`${path}/activity${asked}`, signal));
  },
};

/** Buckets with the start as RFC 3339 text or epoch milliseconds. */
export function bucketsOf(body: unknown): readonly ActivityBucket[] {
  const rows = itemsOf<{
    readonly time?: string | number;
    readonly bucket?: string | number;
    readonly calls: number;
    readonly records: number;
  }>(body);
  return rows.map((row) => {
    const start = row.time ?? row.bucket ?? 0;
    return {
      time: typeof start === 'number' ? start : Date.parse(start),
      calls: row.calls,
      records: row.records,
    };
  });
}
