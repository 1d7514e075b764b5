import type { PreviewBody } from '../../../../../src/api/breaker-contract.ts';
import { plural } from '../../format/number.ts';
import { levelInWords } from '../../format/reason.ts';

const NAMES_SHOWN = 8;

/** What an order would touch, before it is given. */
export function BlastRadius({ preview }: { preview: PreviewBody }) {
  const { agents, agents_in_all: agentCount, enforcement_points: points } = preview;
  const sessions = preview.sessions.map(({ id }) => id);
  return (
    <section class="blast" aria-label="What it would touch" aria-live="polite">
      <p>
        <b>Would touch</b>
        {preview.held_already > 0 && (
          <span class="muted">, {plural(preview.held_already, 'agent')} of them held already</span>
        )}
      </p>
      <dl class="evidence">
        <Touched what="agent" names={agents} count={agentCount} />
        <Touched what="live session" names={sessions} count={preview.sessions_in_all} />
        <Touched what="enforcement point" names={points} count={points.length} />
      </dl>
      {preview.present_level > 0 && (
        <p class="sub">
          Now at L{preview.present_level} {levelInWords(preview.present_level)}.
        </p>
      )}
      {points.length === 0 && (
        <p class="moved">No broker would hear of it: nothing enforces breakers here.</p>
      )}
      {preview.needs_two_persons && <p class="sub">Closing it again will take two persons.</p>}
    </section>
  );
}

function Touched(props: { what: string; names: readonly string[]; count: number }) {
  const { what, names, count } = props;
  const more = count - Math.min(names.length, NAMES_SHOWN);
  return (
    <div>
      <dt>{plural(count, what)}</dt>
      <dd>
        {count === 0 ? 'none' : names.slice(0, NAMES_SHOWN).join(', ')}
        {more > 0 && <span class="muted"> and {more} more</span>}
      </dd>
    </div>
  );
}
