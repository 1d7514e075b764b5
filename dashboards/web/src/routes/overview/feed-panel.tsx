import { useState } from 'preact/hooks';
import type { TransitionBody } from '../../../../../src/api/breaker-contract.ts';
import type { FindingBody } from '../../../../../src/api/contract.ts';
import { OutcomeMark } from '../../components/chips.tsx';
import { CheckIcon, ClockIcon, PersonIcon } from '../../components/icons.tsx';
import { Panel } from '../../components/panel.tsx';
import { ChainLink, SubjectLink } from '../../components/subject-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { plural } from '../../format/number.ts';
import {
  agentOfKey,
  keyInWords,
  keyText,
  levelInWords,
  outcomeOf,
  reasonOf,
  spaced,
} from '../../format/reason.ts';
import { type FeedItem, feedItems, findingKey } from '../../state/feed.ts';
import { hrefTo, tenantFilter } from '../../state/router.ts';
import { findings, transitions } from '../../state/store.ts';

const SHOWN = 40;

/** Trips and would-be trips, newest first. Rows never move under a pointer or the focus. */
export function FeedPanel() {
  const [heldAt, setHeldAt] = useState<number | null>(null);
  const all = feedItems(findings.state.value.data ?? [], transitions.value, tenantFilter.value);
  const items = heldAt === null ? all : all.filter((item) => item.time <= heldAt);
  const waiting = all.length - items.length;
  const newest = all[0]?.time ?? Date.now();
  const hold = (): void => setHeldAt((held) => held ?? newest);
  const release = (): void => setHeldAt(null);
  return (
    <Panel
      title="Trips"
      resource={findings.state.value}
      onRetry={() => void findings.refresh()}
      aside={
        <a class="link" href={hrefTo({ page: 'findings' })}>
          All findings
        </a>
      }
      skeletonRows={6}
    >
      {() => (
        <div onPointerEnter={hold} onPointerLeave={release} onFocusIn={hold} onFocusOut={release}>
          {waiting > 0 && (
            <button type="button" class="feed-new" onClick={() => setHeldAt(newest)}>
              Show {plural(waiting, 'new entry', 'new entries')}
            </button>
          )}
          {items.length === 0 ? (
            <p class="calm">
              <CheckIcon size={16} />
              No trips, and nothing that would have tripped.
            </p>
          ) : (
            <ol class="feed">
              {items.slice(0, SHOWN).map((item) => (
                <Entry key={entryKey(item)} item={item} />
              ))}
            </ol>
          )}
        </div>
      )}
    </Panel>
  );
}

function entryKey(item: FeedItem): string {
  if (item.kind === 'finding') return findingKey(item.finding);
  return `${keyText(item.transition.key)}/${item.transition.epoch}`;
}

function Entry({ item }: { item: FeedItem }) {
  return item.kind === 'finding' ? (
    <FindingEntry finding={item.finding} />
  ) : (
    <TransitionEntry transition={item.transition} />
  );
}

function FindingEntry({ finding }: { finding: FindingBody }) {
  const outcome = outcomeOf(finding);
  const { tenant } = finding;
  return (
    <li>
      <OutcomeMark finding={finding} />
      <SubjectLink finding={finding} class="who" />
      <Timestamp at={finding.time} />
      <p class="why">{reasonOf(finding)}</p>
      <div class="tags">
        {outcome.kind === 'tripped' && (
          <span class="mark-trip">
            tripped L{outcome.level} {levelInWords(outcome.level)}
          </span>
        )}
        {outcome.kind === 'would' && (
          <span>
            would have tripped L{outcome.level} {levelInWords(outcome.level)}
          </span>
        )}
        <span>{spaced(finding.detector)}</span>
        <span>{tenant}</span>
        <ChainLink finding={finding} label="Chain" />
      </div>
    </li>
  );
}

function TransitionEntry({ transition }: { transition: TransitionBody }) {
  const { key } = transition;
  const agent = agentOfKey(key);
  const { subject, kind } = keyInWords(key);
  const isOpening = transition.to === 'open' || transition.to === 'isolated';
  return (
    <li>
      <span class={`mark ${isOpening ? 'mark-trip' : 'mark-held'}`}>
        {transition.class === 'timer' ? <ClockIcon /> : <PersonIcon />}
      </span>
      {agent === undefined ? (
        <span class="who">{subject}</span>
      ) : (
        <a class="who" href={hrefTo({ page: 'agent', tenant: key.tenant, agent })}>
          {subject}
        </a>
      )}
      <Timestamp at={transition.time} />
      <p class="why">
        {transition.to === 'closed' ? 'closed' : `${transition.to} at L${transition.level}`}
        {transition.class === 'timer' ? ' when its time was up' : `: ${transition.reason}`}
      </p>
      <div class="tags">
        <span>{kind}</span>
        <span>{key.tenant}</span>
        {transition.actor !== null && <span>by {transition.actor}</span>}
      </div>
    </li>
  );
}
