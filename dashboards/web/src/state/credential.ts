import { signal } from '@preact/signals';

/** Survives a reload, not the tab: a token in long-term storage outlives the person at the desk. */
const PLACE = 'tripcoil.token';

function stored(): string {
  try {
    return globalThis.sessionStorage?.getItem(PLACE) ?? '';
  } catch {
    return '';
  }
}

/** The viewer's bearer token; empty on a server that lets its own machine read. */
export const token = signal(stored());

/** True once the server has asked for a token, or refused the one given. */
export const isLocked = signal(false);

/** A token for orders alone, where the one for reading may not give them; gone with the page. */
export const operatorToken = signal('');

/** Headers of an order. */
export function orderHeaders(): Readonly<Record<string, string>> {
  return operatorToken.value === ''
    ? credentialHeaders()
    : { authorization: `Bearer ${operatorToken.value}` };
}

/** Headers of every request. */
export function credentialHeaders(): Readonly<Record<string, string>> {
  return token.value === '' ? {} : { authorization: `Bearer ${token.value}` };
}

/** Keeps a token for this tab and tries again with it. */
export function unlock(text: string): void {
  token.value = text;
  isLocked.value = false;
  try {
    globalThis.sessionStorage?.setItem(PLACE, text);
  } catch {
    // Without storage the token lasts until the next reload.
  }
}
