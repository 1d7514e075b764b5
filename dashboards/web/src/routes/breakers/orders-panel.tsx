import { useState } from 'preact/hooks';
import type { ApprovalBody, BreakerBody } from '../../../../../src/api/breaker-contract.ts';
import { textOf, type Words } from '../../components/order-form.tsx';
import { VerdictForm } from '../../components/verdict-form.tsx';
import {
  BREAK_GLASS_MINUTES,
  EXEMPT_ALONE_MINUTES,
  EXEMPT_MINUTES,
  type Order,
  ordersFor,
  questionOf,
  waitsForSecond,
} from '../../format/breaker.ts';
import { keyText } from '../../format/reason.ts';
import { breakerApi } from '../../state/breaker-api.ts';
import { hrefTo } from '../../state/router.ts';
import { pendingApprovals, refreshAll, status } from '../../state/store.ts';

type Done = 'ordered' | ApprovalBody;

/** What a person may order of one breaker; each order is bound to the epoch that was looked at. */
export function OrdersPanel(props: { breaker: BreakerBody; onOrdered: () => void }) {
  const { breaker, onOrdered } = props;
  const [seen, setSeen] = useState(breaker.epoch);
  const [done, setDone] = useState<Done | null>(null);
  const { tenants = [] } = status.state.value.data ?? {};
  const single = tenants.find(({ tenant }) => tenant === breaker.key.tenant)?.single_operator;
  const isSingle = single === true;
  const asked = pendingApprovals.value.filter(({ key }) => keyText(key) === keyText(breaker.key));

  async function send(order: Order, words: Words, said: FormData): Promise<void> {
    setDone(null);
    const answer = await give({ ...breaker, epoch: seen }, order, words, said, isSingle);
    setDone(answer);
    if (answer === 'ordered') setSeen(breaker.epoch + 1);
    refreshAll();
    onOrdered();
  }

  return (
    <section class="panel" aria-labelledby="orders-title">
      <header class="panel-head">
        <h2 id="orders-title">Orders</h2>
      </header>
      <div class="panel-body feedback">
        <p class="muted">Recorded in the ledger under your name, with the reason.</p>
        <div role="status">
          {done === 'ordered' && <p>Recorded, and on its way to the brokers.</p>}
        </div>
        {asked.map((approval) => (
          <Asked key={approval.id} approval={approval} />
        ))}
        {breaker.epoch > seen && (
          <p class="moved">
            The breaker has moved since you looked.{' '}
            <button type="button" class="button" onClick={() => setSeen(breaker.epoch)}>
              Order about it as it is now
            </button>
          </p>
        )}
        <VerdictForm<Order>
          choices={ordersFor(breaker, isSingle)}
          more={(order) => <OrderFields order={order} />}
          action={(order) => (order === 'break_glass' ? 'Break glass' : 'Record')}
          send={send}
        />
      </div>
    </section>
  );
}

function Asked({ approval }: { approval: ApprovalBody }) {
  const { id } = approval;
  return (
    <p class="moved">
      Waiting for a second person: {questionOf(approval)}, asked by {approval.requested_by}.{' '}
      <a class="link" href={hrefTo({ page: 'approval', id })}>
        Send them here
      </a>
    </p>
  );
}

async function give(
  breaker: BreakerBody,
  order: Order,
  words: Words,
  said: FormData,
  isSingle: boolean,
): Promise<Done> {
  const { key, epoch } = breaker;
  const minutes = Number(textOf(said, 'minutes'));
  if (order === 'break_glass') {
    await breakerApi.breakGlass({ key, minutes, ticket: textOf(said, 'ticket'), ...words });
  } else if (waitsForSecond(breaker, order, minutes, isSingle)) {
    const length = order === 'exempt' ? { minutes } : {};
    return await breakerApi.ask({ key, epoch, order, ...length, ...words });
  } else if (order === 'exempt') {
    await breakerApi.exempt({ key, minutes, ...words });
  } else {
    await breakerApi.close(order, { key, epoch, ...words });
  }
  return 'ordered';
}

function OrderFields({ order }: { order: Order }) {
  if (order !== 'exempt' && order !== 'break_glass') return null;
  const isBreakGlass = order === 'break_glass';
  const most = isBreakGlass ? BREAK_GLASS_MINUTES : EXEMPT_MINUTES;
  return (
    <div class="fields">
      <label key={order}>
        <span>
          Minutes <span class="faint">at most {most}</span>
        </span>
        <input
          name="minutes"
          type="number"
          min={1}
          max={most}
          defaultValue={String(isBreakGlass ? 30 : EXEMPT_ALONE_MINUTES)}
          required
        />
      </label>
      {isBreakGlass && (
        <label>
          Ticket
          <input name="ticket" required maxLength={200} autocomplete="off" />
        </label>
      )}
    </div>
  );
}
