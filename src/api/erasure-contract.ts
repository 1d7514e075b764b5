/** An erasure of a whole tenant, as asked for or as done. */
export interface TenantErasureBody {
  readonly id: string;
  readonly tenant: string;
  readonly status: 'requested' | 'erased';
  readonly expires_at?: string | undefined;
  readonly erased?:
    | {
        readonly data_keys: number;
        readonly subject_keys: number;
        readonly values: number;
        readonly events: number;
        readonly findings: number;
        readonly transitions: number;
        readonly rows_deleted: boolean;
      }
    | undefined;
}

/** A key that seals what is kept of one tenant; never the key itself. */
export interface DataKeyBody {
  readonly id: string;
  readonly tenant: string | null;
  readonly month: string;
  readonly generation: number;
  readonly state: 'kept' | 'destroyed';
  readonly destroyed_at: string | null;
}
