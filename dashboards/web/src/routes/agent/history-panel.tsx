import { useState } from 'preact/hooks';
import { OrderForm, textOf } from '../../components/order-form.tsx';
import { formatDuration } from '../../format/number.ts';
import { historyApi } from '../../state/history-api.ts';
import { agents } from '../../state/store.ts';

const MINUTE_MS = 60_000;

/** What is usual for this agent, and how a person has it forgotten or taken from another one. */
export function HistoryPanel(props: { tenant: string; agent: string; ageMs: number }) {
  const { tenant, agent, ageMs } = props;
  const [done, setDone] = useState<string | null>(null);
  return (
    <section class="panel" aria-labelledby="history-title">
      <header class="panel-head">
        <h2 id="history-title">History</h2>
      </header>
      <div class="panel-body feedback">
        <p class="muted">
          {ageMs < MINUTE_MS
            ? 'Nothing is usual for this agent yet.'
            : `What is usual for this agent was learned over ${formatDuration(ageMs)}.`}
        </p>
        <div role="status">{done !== null && <p>{done}</p>}</div>
        <details>
          <summary>Reset it…</summary>
          <OrderForm
            action="Reset the history"
            isGrave
            send={async (words) => {
              await historyApi.reset({ tenant, agent }, words);
              setDone('Recorded: it learns anew, from its peers at first.');
              await agents.refresh();
            }}
          >
            <p>
              What was usual is forgotten and cannot be brought back. For a day statistics say
              little of this agent; breakers and rules hold as before.
            </p>
          </OrderForm>
        </details>
        <details>
          <summary>Add that of another agent…</summary>
          <OrderForm
            action="Merge the histories"
            send={async (words, said) => {
              const joining = textOf(said, 'joining') === 'at_once' ? 'at_once' : 'in_turn';
              const from = textOf(said, 'from');
              await historyApi.merge({ tenant, agent }, { from, joining, ...words });
              setDone(`Recorded: what was usual for ${from} is usual for ${agent} too.`);
              await agents.refresh();
            }}
          >
            <label>
              <span>
                Other agent <span class="faint">of {tenant}; its own history stays</span>
              </span>
              <input name="from" required maxLength={512} autocomplete="off" spellcheck={false} />
            </label>
            <label>
              How they worked
              <select name="joining">
                <option value="in_turn">One after the other: a new name</option>
                <option value="at_once">At the same time: their work adds up</option>
              </select>
            </label>
          </OrderForm>
        </details>
      </div>
    </section>
  );
}
