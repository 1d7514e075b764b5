import type { TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { ChainBody } from '../../../../../src/api/contract.ts';
import { textOf } from '../../components/order-form.tsx';
import { getFile, query } from '../../state/api.ts';
import { asProblem } from '../../state/resource.ts';

const FORMATS = [
  ['bundle', 'Evidence bundle (zip, with proofs)'],
  ['csv', 'CSV'],
  ['ocsf', 'OCSF (JSON lines)'],
  ['stix', 'STIX 2.1'],
] as const;

/** Takes the chain out as a file; that it was taken stands in the ledger. */
export function ExportEvidence({ chain }: { chain: ChainBody }) {
  const [state, setState] = useState<'ready' | 'working' | 'done' | string>('ready');
  const [tenant] = chain.tenants.length === 1 ? chain.tenants : [undefined];

  async function submit(event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (state === 'working') return;
    const said = new FormData(event.currentTarget);
    const [format, reason] = [textOf(said, 'format'), textOf(said, 'reason')];
    setState('working');
    try {
      save(await getFile(`v1/export${query({ chain: chain.id, tenant, format, reason })}`));
      setState('done');
    } catch (error) {
      setState(asProblem(error).message);
    }
  }

  return (
    <details class="export">
      <summary class="button">Export evidence</summary>
      <form class="verdict-form panel" onSubmit={(event) => void submit(event)}>
        <label>
          As
          <select name="format">
            {FORMATS.map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <label>
          Reason
          <textarea name="reason" rows={2} required maxLength={1_000} />
        </label>
        <p class="faint">Who exports what, and why, is recorded in the ledger.</p>
        <button type="submit" class="button" disabled={state === 'working'}>
          {state === 'working' ? 'Exporting…' : 'Export'}
        </button>
        <p role="status">
          {state === 'done' && 'Saved. A bundle is checked by the page in it.'}
          {!['ready', 'working', 'done'].includes(state) && state}
        </p>
      </form>
    </details>
  );
}

function save({ name, content }: { readonly name: string; readonly content: Blob }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), REVOKE_AFTER_MS);
}

/** The browser reads what it saves a moment after the click. */
const REVOKE_AFTER_MS = 60_000;
