import type { FindingBody } from '../../../../src/api/contract.ts';
import { reasonOf } from '../format/reason.ts';
import { hrefTo } from '../state/router.ts';

/** What a finding is about: nearly always an agent, else a source of events. */
export function SubjectLink(props: { finding: FindingBody; class?: string }) {
  const { tenant, agent, subject } = props.finding;
  if (subject !== undefined) {
    return (
      <a class={props.class} href={hrefTo({ page: 'sources' })}>
        {subject.id}
      </a>
    );
  }
  return (
    <a class={props.class} href={hrefTo({ page: 'agent', tenant, agent })}>
      {agent}
    </a>
  );
}

/** What was found, in words, leading to all about it. */
export function FindingLink({ finding }: { finding: FindingBody }) {
  const { tenant, id } = finding;
  return <a href={hrefTo({ page: 'finding', tenant, id })}>{reasonOf(finding)}</a>;
}

/** A link to the chain of a finding; nothing where it belongs to none. */
export function ChainLink({ finding, label }: { finding: FindingBody; label: string }) {
  if (finding.chain === '') return null;
  return (
    <a class="link" href={hrefTo({ page: 'chain', id: finding.chain })}>
      {label}
      <span class="hidden-text">
        {' '}
        {label === 'Open' ? 'the chain ' : ''}of {finding.agent}
      </span>
    </a>
  );
}
