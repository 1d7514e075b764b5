import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** Where figures were taken, so that they can be compared with others. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memory_gb: number;
  readonly os: string;
  readonly node: string;
  /** Load of the last minute when the benchmark began: others may have been at work. */
  readonly load_before: number;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memory_gb: Math.round(totalmem() / 1024 ** 3),
    os: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    load_before: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}

/** CPU seconds of this process since `start`, all threads and the kernel's part included. */
export function cpuSecondsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}
