import type { BreakerBody } from '../../../../src/api/breaker-contract.ts';
import type {
  ActivityBody,
  AgentBody,
  ChainBody,
  ChainSummaryBody,
  ErrorBody,
  FindingBody,
  IngestStatusBody,
  PageBody,
  PersonalFindingBody,
  StatusBody,
} from '../../../../src/api/contract.ts';
import type {
  DetectorBody,
  FeedbackAnswerBody,
  FeedbackBody,
} from '../../../../src/api/detector-contract.ts';
import type { EvaluationBody, ReviewBody } from '../../../../src/api/review-contract.ts';
import { credentialHeaders, isLocked, orderHeaders } from './credential.ts';

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

/** @throws RequestProblem for every answer but a good one. */
export async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const response = await ask(path, { headers: credentialHeaders() }, signal);
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) isLocked.value = true;
  if (!response.ok) throw problemOf(response.status, body);
  return body;
}

/** A file with the name that the server gave it. @throws RequestProblem as `getJson`. */
export async function getFile(path: string): Promise<{ name: string; content: Blob }> {
  const response = await ask(path, { headers: credentialHeaders() });
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
  const header = response.headers.get('content-disposition') ?? '';
  const name = /filename="([\w.-]+)"/.exec(header)?.[1] ?? 'evidence';
  return { name, content: await response.blob() };
}

/** An order; being refused one does not lock the page for reading. */
export async function postJson(path: string, order: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json', ...orderHeaders() };
  const response = await ask(path, { method: 'POST', headers, body: JSON.stringify(order) });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, body);
  return body;
}

async function ask(path: string, request: RequestInit, signal?: AbortSignal): Promise<Response> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await fetch(path, {
      ...request,
      headers: { accept: 'application/json', ...request.headers },
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestProblem('unreachable', 'The server does not answer.', 0);
  }
}

/** Reads an error body, and stays useful when it is not one (a proxy's page, say). */
export function problemOf(status: number, body: unknown): RequestProblem {
  const error = (typeof body === 'object' && body !== null ? body : {}) as Partial<ErrorBody>;
  const code = typeof error.code === 'string' ? error.code : `http_${status}`;
  const message =
    typeof error.message === 'string' ? error.message : `The server answered ${status}.`;
  return new RequestProblem(code, message, status, error.request_id);
}

export interface FindingFilter {
  readonly tenant?: string | undefined;
  readonly agent?: string | undefined;
  readonly detector?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface ChainFilter extends FindingFilter {
  readonly gap?: string | undefined;
  readonly verdict?: string | undefined;
}

export interface PersonalFilter extends FindingFilter {
  readonly type?: string | undefined;
}

export interface FeedbackOrder {
  readonly verdict: FeedbackBody['verdict'];
  readonly reason: string;
  readonly actor?: string;
  readonly tenant?: string;
  readonly detector?: string;
}

export interface ReviewFilter {
  readonly tenant?: string | undefined;
  readonly state: 'open' | 'decided' | 'all';
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface ReviewOrder {
  readonly verdict: NonNullable<ReviewBody['decided']>['verdict'];
  readonly reason: string;
  readonly actor?: string;
}

/** A query string of what is not empty, with its question mark. */
export function query(parameters: Readonly<Record<string, string | number | undefined>>): string {
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

  /** At most one page; the server sorts by level, then risk. */
  agents: async (tenant: string): Promise<readonly AgentBody[]> =>
    ((await getJson(`v1/agents${query({ tenant })}`)) as PageBody<AgentBody>).items,

  agent: async (tenant: string, agent: string, signal: AbortSignal): Promise<AgentBody> =>
    (await getJson(agentPath(tenant, agent), signal)) as AgentBody,

  /** Those that are not closed. */
  breakers: async (tenant: string): Promise<readonly BreakerBody[]> =>
    ((await getJson(`v1/breakers${query({ tenant })}`)) as PageBody<BreakerBody>).items,

  findings: async ({ limit, cursor, agent, detector, tenant }: FindingFilter) =>
    (await getJson(
      `v1/findings${query({ limit, cursor, agent, detector, tenant })}`,
    )) as PageBody<FindingBody>,

  /** Null where nothing has this id, or it cannot be read yet. */
  finding: async (tenant: string, id: string, signal: AbortSignal): Promise<FindingBody | null> => {
    const page = await getJson(`v1/findings${query({ tenant, id, limit: 1 })}`, signal);
    return (page as PageBody<FindingBody>).items[0] ?? null;
  },

  /** `id` is that of a finding, of `missed` that of an event. */
  giveFeedback: async (id: string, order: FeedbackOrder): Promise<FeedbackAnswerBody> =>
    (await postJson(`v1/findings/${encodeURIComponent(id)}/feedback`, order)) as FeedbackAnswerBody,

  detectors: async (tenant: string): Promise<readonly DetectorBody[]> =>
    ((await getJson(`v1/detectors${query({ tenant })}`)) as PageBody<DetectorBody>).items,

  /** Kinds of personal data and secrets with the places they were met in; never a value. */
  personalFindings: async ({ limit, cursor, agent, tenant, type }: PersonalFilter) =>
    (await getJson(
      `v1/pii/findings${query({ limit, cursor, agent, tenant, type })}`,
    )) as PageBody<PersonalFindingBody>,

  /** Those of the last day, the latest first. */
  chains: async ({ limit, cursor, agent, tenant, gap, verdict }: ChainFilter) =>
    (await getJson(
      `v1/chains${query({ limit, cursor, agent, tenant, gap, verdict })}`,
    )) as PageBody<ChainSummaryBody>,

  /** Open ones first, then the latest. */
  reviews: async ({ limit, cursor, tenant, state }: ReviewFilter) =>
    (await getJson(`v1/reviews${query({ limit, cursor, tenant, state })}`)) as PageBody<ReviewBody>,

  review: async (id: string, signal: AbortSignal): Promise<ReviewBody> =>
    (await getJson(`v1/reviews/${encodeURIComponent(id)}`, signal)) as ReviewBody,

  decideReview: async (id: string, order: ReviewOrder): Promise<ReviewBody> =>
    (await postJson(`v1/reviews/${encodeURIComponent(id)}`, order)) as ReviewBody,

  /** How the rubric scores a chain now. */
  evaluation: async (tenant: string, chain: string, signal: AbortSignal): Promise<EvaluationBody> =>
    (await getJson(
      `v1/chains/${encodeURIComponent(chain)}/evaluation${query({ tenant })}`,
      signal,
    )) as EvaluationBody,

  ingestStatus: async (tenant: string): Promise<IngestStatusBody> =>
    (await getJson(`v1/ingest/status${query({ tenant })}`)) as IngestStatusBody,

  chain: async (id: string, signal: AbortSignal): Promise<ChainBody> =>
    (await getJson(`v1/chains/${encodeURIComponent(id)}`, signal)) as ChainBody,

  activity: async (
    of: { tenant: string; agent: string; sinceMs: number; bucketMs: number },
    signal: AbortSignal,
  ): Promise<readonly ActivityBucket[]> => {
    const asked = query({ since: new Date(of.sinceMs).toISOString(), bucket: of.bucketMs });
    const path = `${agentPath(of.tenant, of.agent)}/activity${asked}`;
    return bucketsOf((await getJson(path, signal)) as ActivityBody);
  },
};

function agentPath(tenant: string, agent: string): string {
  return `v1/agents/${encodeURIComponent(tenant)}/${encodeURIComponent(agent)}`;
}

/** Buckets with their start in epoch milliseconds. */
export function bucketsOf(body: ActivityBody): readonly ActivityBucket[] {
  return body.items.map(({ bucket, calls, records }) => ({
    time: Date.parse(bucket),
    calls,
    records,
  }));
}
