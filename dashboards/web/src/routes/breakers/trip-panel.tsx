import { useState } from 'preact/hooks';
import type { KeyBody, PreviewBody } from '../../../../../src/api/breaker-contract.ts';
import { OrderForm } from '../../components/order-form.tsx';
import { plural } from '../../format/number.ts';
import { levelInWords } from '../../format/reason.ts';
import { breakerApi } from '../../state/breaker-api.ts';
import { hrefToBreaker, tenantFilter } from '../../state/router.ts';
import { refreshAll, status, visibleAgents } from '../../state/store.ts';
import { BlastRadius } from './blast-radius.tsx';

const KINDS = ['agent', 'session', 'token', 'chain', 'tool', 'tenant'] as const;
const LEVELS = [4, 5, 3, 2, 1] as const;
const QUARANTINE = 6;

interface Target {
  readonly tenant: string;
  readonly kind: string;
  readonly id: string;
  readonly agent: string;
  readonly level: number;
}

/** Trips by hand, in two steps: what it would touch, then the order itself. */
export function TripPanel(given: { tenant: string; agent: string }) {
  const known = status.state.value.data?.tenants.map(({ tenant }) => tenant) ?? [];
  const first = given.tenant || tenantFilter.value || known[0] || '';
  const [chosen, setChosen] = useState<Partial<Target>>({ id: given.agent });
  const [preview, setPreview] = useState<PreviewBody | null>(null);
  const [typed, setTyped] = useState('');
  const [tripped, setTripped] = useState<KeyBody | null>(null);
  const target: Target = { kind: 'agent', id: '', agent: '', level: 4, tenant: first, ...chosen };
  const isTenant = target.kind === 'tenant';
  const key = keyOf(target);
  const level = isTenant ? QUARANTINE : target.level;
  const isUnconfirmed = preview !== null && isTenant && typed !== target.tenant;

  function change(part: Partial<Target>): void {
    setChosen({ ...chosen, ...part });
    setPreview(null);
    setTyped('');
    setTripped(null);
  }

  return (
    <section class="panel" aria-labelledby="trip-title">
      <header class="panel-head">
        <h2 id="trip-title">Trip by hand</h2>
      </header>
      <div class="panel-body feedback">
        <p class="muted">It holds until somebody closes it, in shadow too.</p>
        <div role="status">
          {tripped !== null && (
            <p>
              Tripped.{' '}
              <a class="link" href={hrefToBreaker(tripped)}>
                See who has confirmed
              </a>
            </p>
          )}
        </div>
        <OrderForm
          action={preview === null ? 'Preview' : `Trip at level ${level}`}
          isPreview={preview === null}
          isGrave={preview !== null}
          disabled={isUnconfirmed}
          send={async (words) => {
            if (preview === null) {
              setPreview(await breakerApi.preview(key, level, words.reason));
              return;
            }
            const { breaker } = await breakerApi.trip({ key, level, ...words });
            change({ id: '' });
            setTripped(breaker?.key ?? key);
            refreshAll();
          }}
        >
          <TargetFields target={target} tenants={known} onChange={change} />
          {preview !== null && <BlastRadius preview={preview} />}
          {preview !== null && isTenant && (
            <Confirmation preview={preview} typed={typed} onType={setTyped} />
          )}
        </OrderForm>
      </div>
    </section>
  );
}

/** A whole tenant is named by hand before it stops. */
function Confirmation(props: {
  preview: PreviewBody;
  typed: string;
  onType: (text: string) => void;
}) {
  const { preview, typed, onType } = props;
  return (
    <label>
      <span>
        Type {preview.key.tenant} to confirm{' '}
        <span class="faint">{plural(preview.agents_in_all, 'agent')} will stop</span>
      </span>
      <input
        value={typed}
        onInput={({ currentTarget }) => onType(currentTarget.value)}
        autocomplete="off"
        spellcheck={false}
      />
    </label>
  );
}

function keyOf({ tenant, kind, id, agent }: Target): KeyBody {
  if (kind === 'tenant') return { tenant, kind, id: tenant };
  const narrowed = kind === 'tool' && agent.trim() !== '' ? { agent: agent.trim() } : {};
  return { tenant, kind, id: id.trim(), ...narrowed };
}

function TargetFields(props: {
  target: Target;
  tenants: readonly string[];
  onChange: (part: Partial<Target>) => void;
}) {
  const { target, tenants, onChange } = props;
  const { tenant, kind, id, level } = target;
  const offered = tenant === '' || tenants.includes(tenant) ? tenants : [...tenants, tenant];
  return (
    <div class="fields">
      <Choice
        name="Tenant"
        value={tenant}
        choices={offered.map((one) => [one, one])}
        onChoose={(value) => onChange({ tenant: value })}
      />
      <Choice
        name="What"
        value={kind}
        choices={KINDS.map((one) => [one, one === 'tenant' ? 'the whole tenant' : one])}
        onChoose={(value) => onChange({ kind: value })}
      />
      {kind !== 'tenant' && (
        <>
          <label>
            {kind === 'tool' ? 'Tool' : `Which ${kind}`}
            <input
              value={id}
              list={kind === 'agent' ? 'trip-agents' : undefined}
              onInput={({ currentTarget }) => onChange({ id: currentTarget.value })}
              autocomplete="off"
              spellcheck={false}
              required
            />
          </label>
          <datalist id="trip-agents">
            {visibleAgents.value
              .filter((one) => one.tenant === tenant)
              .slice(0, 200)
              .map((one) => (
                <option key={one.agent} value={one.agent} />
              ))}
          </datalist>
          {kind === 'tool' && (
            <label>
              <span>
                Agent <span class="faint">whose use of it</span>
              </span>
              <input
                value={target.agent}
                onInput={({ currentTarget }) => onChange({ agent: currentTarget.value })}
                autocomplete="off"
                spellcheck={false}
                required
              />
            </label>
          )}
          <Choice
            name="Level"
            value={String(level)}
            choices={LEVELS.map((one) => [String(one), `L${one} ${levelInWords(one)}`])}
            onChoose={(value) => onChange({ level: Number(value) })}
          />
        </>
      )}
    </div>
  );
}

function Choice(props: {
  name: string;
  value: string;
  choices: readonly (readonly [string, string])[];
  onChoose: (value: string) => void;
}) {
  return (
    <label>
      {props.name}
      <select
        class="select"
        value={props.value}
        onChange={({ currentTarget }) => props.onChoose(currentTarget.value)}
        required
      >
        {props.choices.map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
