import type { TargetedSubmitEvent } from 'preact';
import { token, unlock } from '../state/credential.ts';
import { startAgain } from '../state/store.ts';

/** Asked for only where the server does not trust its own machine's readers. */
export function SignIn() {
  const wasRefused = token.value !== '';
  function submit(event: TargetedSubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    const field = event.currentTarget.elements.namedItem('token');
    if (!(field instanceof HTMLInputElement) || field.value.trim() === '') return;
    unlock(field.value.trim());
    startAgain();
  }
  return (
    <section class="panel first-run" aria-labelledby="sign-in-title">
      <h1 id="sign-in-title">A token is needed to look</h1>
      <p>
        This server is read from another machine, so it asks who you are. Paste a token with the
        role viewer; it stays in this tab until you close it.
      </p>
      {wasRefused && (
        <p role="alert" class="refused">
          The server does not know that token.
        </p>
      )}
      <form class="sign-in" onSubmit={submit}>
        <label for="token">Viewer token</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} />
        <button type="submit" class="button">
          Continue
        </button>
      </form>
    </section>
  );
}
