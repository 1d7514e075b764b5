import { useId } from 'preact/hooks';
import type { IntakeBody } from '../../../../../src/api/contract.ts';
import { Snippet } from '../../components/snippet.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { formatCount } from '../../format/number.ts';

const MISSING: Readonly<Record<IntakeBody['unattributed'][number]['missing'], string>> = {
  agent: 'name no agent, and are refused',
  tenant: 'name no tenant, though the credential covers several, and are refused',
  operation: 'call tools of which nobody knows whether they read or write',
  action:
    'tell of no action of an agent, and are passed over; right for plain HTTP or database spans',
};

const PLACE: Readonly<Record<IntakeBody['unattributed'][number]['fix_in'], string>> = {
  configuration: 'In the configuration of Tripcoil:',
  grants: 'In the grants file, with the operation each one has:',
  sender: 'At the sender:',
};

const KEYS_SHOWN = 24;

/** What one credential delivered to one receiver: refusals by example, and the cures. */
export function IntakePanel({ intake }: { intake: IntakeBody }) {
  const id = useId();
  const { accepted, ignored, rejected, examples, unattributed, unknown_attributes: keys } = intake;
  const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  return (
    <section class="panel" aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>
          {intake.credential} <span class="count">by {intake.format}</span>
        </h2>
        <div class="aside">since the start of the daemon</div>
      </header>
      <div class="panel-body sources-intake">
        <p>
          <b>{formatCount(accepted)}</b> accepted, <b>{formatCount(ignored)}</b> passed over,{' '}
          <b>{formatCount(refused)}</b> refused
          {intake.quarantined > 0 && ` (${formatCount(intake.quarantined)} for a clock far off)`}.
          Evidence counts as {intake.trust}; {tenantsInWords(intake.tenants)}.
        </p>
        {unattributed.map(({ missing, count, fix, fix_in: place }) => (
          <div key={missing} class="sources-cure">
            <p>
              <b>{formatCount(count)}</b> {MISSING[missing]}. {PLACE[place]}
            </p>
            <Snippet name={`lines that name the ${missing}`} text={fix} />
          </div>
        ))}
        {examples.length > 0 && <Examples examples={examples} rejected={rejected} />}
        {keys.length > 0 && (
          <>
            <h3>Attributes that no field takes</h3>
            <p class="sources-keys">
              {keys.slice(0, KEYS_SHOWN).map(({ key, count }) => (
                <code key={key} title={`${count} times among the records looked at`}>
                  {key}
                </code>
              ))}
              {keys.length > KEYS_SHOWN && <span>and {keys.length - KEYS_SHOWN} more</span>}
            </p>
          </>
        )}
      </div>
    </section>
  );
}

function tenantsInWords(tenants: readonly string[]): string {
  return tenants.includes('*') ? 'every tenant' : `tenants: ${tenants.join(', ')}`;
}

function Examples(props: Pick<IntakeBody, 'examples' | 'rejected'>) {
  return (
    <>
      <h3>Refused, by example</h3>
      <ul class="sources-list">
        {props.examples.map(({ at, code, path, message, shape }) => (
          <li key={`${code}/${path}`}>
            <b>{code}</b> ({formatCount(props.rejected[code] ?? 0)}){' '}
            {path !== '' && <code>{path}</code>}
            <span class="sub">
              {message} · last <Timestamp at={at} />
            </span>
            {shape !== null && <span class="sub">The record has the shape {shape}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
