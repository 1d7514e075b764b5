/** The address of `host:port` and `[v6]:port`. */
export function hostOf(address: unknown): string | undefined {
  if (typeof address !== 'string') return undefined;
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}
