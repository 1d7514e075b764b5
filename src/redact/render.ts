import type { AccessEvent } from '../core/access-event.ts';
import type { RedactionPolicy } from '../core/redaction-policy.ts';
import { applyContentPolicy, keepsAllContent } from './content-policy.ts';
import { redactName } from './event-fields.ts';
import { modeOf, textOfMode } from './modes.ts';
import { type Pass, startPass } from './pass.ts';
import { changeContent, isRecord, type Members, mapTexts } from './texts.ts';
import { everyToken, typeOfToken } from './tokens.ts';

/** A redacted event, what was replaced in it, and what its tenant wants instead. */
export interface RenderWork {
  readonly pass: Pass;
  readonly event: AccessEvent;
  readonly tenant: string;
  readonly policy: RedactionPolicy;
  /** The tenant's pseudonym key; asked for only where a mode needs one. */
  readonly secret: () => Uint8Array;
}

/**
 * Gives content the form its tenant asked for: the mode of each entity in place of its token, then
 * the policy of each kind of content. Identifiers, parties, scopes and resources keep their tokens,
 * since grants, chains and detection go by them. Runs after destinations were taken.
 */
export function renderContent(work: RenderWork, out: Members): void {
  const { policy } = work;
  if (Object.keys(policy.modes).length > 0) renderModes(work, out);
  if (!keepsAllContent(policy)) applyContentPolicy(out, policy);
}

function renderModes(work: RenderWork, out: Members): void {
  const subject = stableSubjectOf(work);
  const render = (text: string): string => {
    const pieces = everyToken(text);
    if (pieces.length === 1 && pieces[0]?.token === false) return text;
    return pieces
      .map((piece) => (piece.token ? rendered(work, piece.text, subject) : piece.text))
      .join('');
  };
  changeContent(out, (value) => mapTexts(value, render));
}

/** A token that came in as one has no value here; it stays. */
function rendered({ pass, policy, secret }: RenderWork, token: string, subject: string): string {
  const type = typeOfToken(token);
  if (type === null) return token;
  if (type === 'secret') {
    return token.startsWith('[secret:') && modeOf(policy, type) === 'drop' ? '' : token;
  }
  const mode = modeOf(policy, type);
  const value = pass.replaced.get(token);
  if (mode === 'token' || mode === 'vault' || value === undefined) return token;
  return textOfMode(mode, { type, value, token, subject }, secret());
}

/** The principal under the key that never rotates, so that their dates go on moving together. */
function stableSubjectOf({ pass, event }: RenderWork): string {
  const sub: unknown = event.principal?.sub;
  const stable = startPass(pass.tokeniser.identifiers, pass.recognisers);
  return typeof sub === 'string' ? redactName(stable, sub) : '';
}

/** The person the record is about: its principal, as recorded. */
export function subjectOf(out: Members): string {
  const principal = out['principal'];
  const sub = isRecord(principal) ? principal['sub'] : undefined;
  return typeof sub === 'string' ? sub : '';
}
