import type { SourceWatchConfig, TenantConfig } from '../../core/entry.ts';
import { LIMITS } from '../../core/limits.ts';

/** How the sources of a tenant are watched, with every default filled in. */
export interface Watch {
  readonly mode: NonNullable<SourceWatchConfig['mode']>;
  readonly gapGraceMs: number;
  readonly silenceFloorMs: number;
}

/** What holds for a tenant; findings never leave `alert`, since no source can be revoked. */
export function watchOf(config: TenantConfig): Watch {
  const { mode, gapGraceMs, silenceFloorMs } = config.sources ?? {};
  return {
    mode: mode ?? 'alert',
    gapGraceMs: gapGraceMs ?? LIMITS.sourceGapGraceMs,
    silenceFloorMs: silenceFloorMs ?? LIMITS.sourceSilenceFloorMs,
  };
}
