import type { ComponentChildren } from 'preact';
import type { FindingBody } from '../../../../../src/api/contract.ts';
import { OutcomeChip } from '../../components/chips.tsx';
import { Failure, Skeleton } from '../../components/panel.tsx';
import { ChainLink, SubjectLink } from '../../components/subject-link.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { evidenceRows } from '../../format/evidence.ts';
import { heldInWords, keyInWords, levelInWords, reasonOf, spaced } from '../../format/reason.ts';
import { api } from '../../state/api.ts';
import { hrefTo } from '../../state/router.ts';
import { useLoaded } from '../../state/use-loaded.ts';
import { FeedbackPanel } from './feedback-panel.tsx';

/** One finding: what, why, what came of it, and what people say of it. */
export function FindingPage({ tenant, id }: { tenant: string; id: string }) {
  const { resource, again } = useLoaded(`${tenant}/${id}`, (signal) =>
    api.finding(tenant, id, signal),
  );
  const { data, problem, loading } = resource;
  if (data !== null) return <Finding finding={data} onSaid={again} />;
  return (
    <div class="panel">
      <h1 class="hidden-text">Finding {id}</h1>
      {problem !== null && <Failure what="Finding" problem={problem} onRetry={again} />}
      {problem === null && loading && <Skeleton rows={6} />}
      {problem === null && !loading && (
        <div class="message">
          <h2>No such finding</h2>
          <p>
            Nothing in tenant {tenant} has the id {id}. A finding can be read about a second after
            it was made.{' '}
            <a class="link" href={hrefTo({ page: 'findings' })}>
              All findings
            </a>
          </p>
          <button type="button" class="button" onClick={again}>
            Look again
          </button>
        </div>
      )}
    </div>
  );
}

function Finding({ finding, onSaid }: { finding: FindingBody; onSaid: () => void }) {
  const { tenant, detector } = finding;
  return (
    <>
      <header class="page-head">
        <div>
          <div class="title-line">
            <h1>{reasonOf(finding)}</h1>
            <OutcomeChip finding={finding} />
          </div>
          <dl class="facts">
            <Fact name={finding.subject === undefined ? 'Agent' : spaced(finding.subject.kind)}>
              <SubjectLink finding={finding} class="link" />
            </Fact>
            <Fact name="Tenant">{tenant}</Fact>
            <Fact name="Detector">
              <a class="link" href={hrefTo({ page: 'findings' }, { detector })}>
                {spaced(detector)}
              </a>
              {finding.mode === 'shadow' && <span class="muted"> (shadow)</span>}
            </Fact>
            <Fact name="Severity">{finding.level}</Fact>
            <Fact name="Score">{Math.round(finding.score)} of 100</Fact>
            <Fact name="At">
              <Timestamp at={finding.time} />
            </Fact>
            {finding.chain !== '' && (
              <Fact name="Chain">
                <ChainLink finding={finding} label="Open" />
              </Fact>
            )}
          </dl>
        </div>
      </header>
      <div class="columns">
        <WhyPanel finding={finding} />
        <FeedbackPanel finding={finding} onSaid={onSaid} />
      </div>
    </>
  );
}

function WhyPanel({ finding }: { finding: FindingBody }) {
  const { events } = finding.evidence;
  return (
    <section class="panel" aria-labelledby="why-title">
      <header class="panel-head">
        <h2 id="why-title">Why</h2>
      </header>
      <div class="panel-body finding-why">
        {finding.explanation !== '' && <p>{finding.explanation}</p>}
        <p class="muted">{consequence(finding)}</p>
        <dl class="evidence">
          {evidenceRows(finding).map(({ name, value }) => (
            <Row key={`${name}/${value}`} name={name}>
              {value}
            </Row>
          ))}
          {events.length > 0 && (
            <Row name={events.length === 1 ? 'Event' : 'Events'}>
              <code>{events.join(' ')}</code>
            </Row>
          )}
          <Row name="Finding">
            <code>{finding.id}</code>
          </Row>
        </dl>
      </div>
    </section>
  );
}

/** What became of it, as a sentence. */
function consequence({ decision }: FindingBody): string {
  if (decision.tripped) {
    const { subject, kind } = keyInWords(decision.key);
    const capped =
      decision.capped_by === undefined ? '' : ` It stayed there: ${spaced(decision.capped_by)}.`;
    const level = levelText(decision.level);
    return `It opened the breaker of ${subject} (${kind}) at ${level}.${capped}`;
  }
  const held = `No breaker opened: ${heldInWords(decision.why)}.`;
  if (decision.would === undefined) return held;
  const { subject, kind } = keyInWords(decision.would.key);
  const level = levelText(decision.would.level);
  return `${held} Enforced, it would have opened that of ${subject} (${kind}) at ${level}.`;
}

function levelText(level: number): string {
  return `L${level}, ${levelInWords(level)}`;
}

function Fact(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

const Row = Fact;
