import { effect, signal } from '@preact/signals';
import type { Zone } from '../format/time.ts';

export type Theme = 'auto' | 'light' | 'dark';

export const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** Storage may be missing or forbidden; then preferences last as long as the page. */
function read<Value extends string>(
  name: string,
  allowed: readonly Value[],
  otherwise: Value,
): Value {
  try {
    const stored = globalThis.localStorage?.getItem(`tripcoil.${name}`);
    return allowed.find((value) => value === stored) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(name: string, value: string): void {
  try {
    globalThis.localStorage?.setItem(`tripcoil.${name}`, value);
  } catch {
    // Forbidden storage costs the preference, nothing else.
  }
}

export const theme = signal<Theme>(read('theme', THEMES, 'auto'));
export const zone = signal<Zone>(read<Zone>('zone', ['utc', 'local'], 'utc'));

/** Keeps the document and the storage in step with the preferences. */
export function applyPreferences(root: HTMLElement): void {
  effect(() => {
    write('theme', theme.value);
    if (theme.value === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme.value;
  });
  effect(() => write('zone', zone.value));
}
