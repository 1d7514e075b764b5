import { useEffect, useRef } from 'preact/hooks';
import { replaceQuery } from '../state/router.ts';

/** Narrows a page to one agent, in the address. */
export function AgentFilter({ agent }: { agent: string }) {
  const field = useRef<HTMLInputElement>(null);
  // The address may change by itself; what is being typed stays until it does.
  useEffect(() => {
    if (field.current !== null) field.current.value = agent;
  }, [agent]);
  return (
    <input
      ref={field}
      class="field"
      type="search"
      name="agent"
      list="known-agents"
      autocomplete="off"
      spellcheck={false}
      aria-label="Agent"
      placeholder="Any agent"
      defaultValue={agent}
      onChange={(event) => replaceQuery({ agent: event.currentTarget.value.trim() })}
    />
  );
}
