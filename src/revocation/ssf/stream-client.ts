import type { SubjectProfile } from './subject.ts';

/** What a receiver may do: read its streams, or all (CAEP interoperability profile 2.7.3). */
export type StreamScope = 'ssf.read' | 'ssf.manage';

/** How one receiver is treated; under its OAuth client id, or the name of its bearer token. */
export interface StreamClient {
  readonly id: string;
  /** SHA-256 of the client's secret, in hex; null for a receiver with a bearer token of ours. */
  readonly secretSha256: string | null;
  readonly tenants: readonly string[] | '*';
  readonly scopes: readonly StreamScope[];
  /** The `aud` of its tokens; its id unless given. */
  readonly audience: string | null;
  readonly subjectProfile: SubjectProfile;
  /** Status of a verification request, 204 by the standard; some receivers want 200. */
  readonly verifyStatus: 200 | 204;
  /** Takes what receivers from before SSF 1.0 send, and tells them where. */
  readonly legacySse: boolean;
}

/** A receiver that asks, with its right to. */
export interface StreamCaller {
  /** `oauth:<client>` or `token:<name>`: whose streams it sees. */
  readonly receiver: string;
  readonly scopes: readonly StreamScope[];
  readonly settings: StreamClient;
}

/** Settings of a receiver of which the configuration says nothing. */
export function defaultClient(id: string): StreamClient {
  return {
    id,
    secretSha256: null,
    tenants: '*',
    scopes: ['ssf.read', 'ssf.manage'],
    audience: null,
    subjectProfile: 'iss_sub',
    verifyStatus: 204,
    legacySse: false,
  };
}
