import type { ChainBody } from '../../../../../src/api/contract.ts';
import { executionRuns } from '../../format/executions.ts';
import { keyWord, linkWords } from '../../format/gap.ts';
import { plural } from '../../format/number.ts';
import { hrefTo } from '../../state/router.ts';

/** Per action: which links of request, decision, approval, token and outcome are there. */
export function ExecutionLinks({ chain }: { chain: ChainBody }) {
  if (chain.executions.length === 0) return null;
  return (
    <section class="panel chain-calls" aria-labelledby="links-title">
      <header class="panel-head">
        <h2 id="links-title">
          Tool calls <span class="count">{chain.executions.length}</span>
        </h2>
      </header>
      <ul class="links">
        {executionRuns(chain.executions).map(({ execution, times }) => (
          <li key={execution.seqs.join()}>
            <b>{execution.action}</b>{' '}
            <span class="muted">
              {times > 1 && `${times} times by `}
              {execution.agent}
              {execution.seqs.length > 1 && `, told by ${plural(execution.seqs.length, 'record')}`}
            </span>
            <span class="link-words">
              {linkWords(execution).map(({ name, word, state }) => (
                <span key={name} class={`link-word ${state}`}>
                  {name} <b>{word}</b>
                </span>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What became part of this chain, and what could not be told apart. */
export function ChainNotes({ chain }: { chain: ChainBody }) {
  const { merged, shared_keys, others, unrelated_tenants } = chain;
  const notes = merged.length + shared_keys.length + others.length + unrelated_tenants.length;
  if (notes === 0) return null;
  return (
    <ul class="chain-notes">
      {merged.map(({ id, by, key }) => (
        <li key={id}>
          Joined with <code>{id}</code> by {keyWord(by)}
          {key !== id && `${by}:${key}` !== id && (
            <>
              {' '}
              <code>{key}</code>
            </>
          )}
        </li>
      ))}
      {shared_keys.map(({ kind, key }) => (
        <li key={key} class="warned">
          The {keyWord(kind)} <code>{key}</code> occurs in too many chains to join them; some of
          their steps may belong here
        </li>
      ))}
      {others.map(({ id, tenant }) => (
        <li key={`${tenant}/${id}`}>
          The id also means{' '}
          <a class="link" href={hrefTo({ page: 'chain', id })}>
            {id}
          </a>
        </li>
      ))}
      {unrelated_tenants.map((tenant) => (
        <li key={tenant} class="warned">
          Tenant {tenant} has this id too; no evidence joins its records to these
        </li>
      ))}
    </ul>
  );
}
