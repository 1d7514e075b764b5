import type { EpochMs } from '../core/time.ts';

export const EXPORT_FORMATS = ['bundle', 'ocsf', 'stix', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What is to be taken out. Ids are as recorded. */
export type ExportSubject =
  | {
      /** These inputs, everything decided because of them, and what became of those decisions. */
      readonly type: 'inputs';
      readonly seqs: readonly number[];
      readonly chains: readonly string[];
      readonly findings: readonly string[];
    }
  | {
      /** What one agent did and what was decided about it, by log time; `until` is left out. */
      readonly type: 'agent';
      readonly agent: string;
      readonly since: EpochMs;
      readonly until: EpochMs;
    };

export interface ExportOrder {
  /** Every tenant whose entries may be in it. */
  readonly tenants: readonly string[];
  readonly subject: ExportSubject;
  /** What was asked for, as told in the record and in the export: `chain`, `finding`, `agent` … */
  readonly asked: Readonly<Record<string, string>>;
  readonly format: ExportFormat;
  readonly actor: string;
  readonly reason: string;
}

export interface ExportedFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly entries: number;
}

/** Takes evidence out, and records who took what and why before it is handed over. */
export interface Exports {
  /**
   * @throws TripcoilError `not_found` where there is nothing to take, `payload_too_large` where it
   * is more than one export takes, `overloaded` while too many are made.
   */
  run(order: ExportOrder): Promise<ExportedFile>;
}
