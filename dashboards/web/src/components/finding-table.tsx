import type { FindingBody } from '../../../../src/api/contract.ts';
import { spaced } from '../format/reason.ts';
import { findingKey } from '../state/feed.ts';
import { FeedbackChip, OutcomeChip } from './chips.tsx';
import { ChainLink, FindingLink, SubjectLink } from './subject-link.tsx';
import { Timestamp } from './timestamp.tsx';

/** Findings as a table; `withAgent` is off where the page is one agent's. */
export function FindingTable(props: { rows: readonly FindingBody[]; withAgent: boolean }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col" class="medium">
              Time
            </th>
            {props.withAgent && <th scope="col">Agent</th>}
            <th scope="col">Finding</th>
            <th scope="col" class="medium">
              Outcome
            </th>
            <th scope="col" class="num medium">
              Score
            </th>
            <th scope="col" class="wide">
              Severity
            </th>
            <th scope="col" class="medium">
              Chain
            </th>
          </tr>
        </thead>
        <tbody>
          {props.rows.map((finding) => (
            <FindingRow key={findingKey(finding)} finding={finding} withAgent={props.withAgent} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function FindingRow({ finding, withAgent }: { finding: FindingBody; withAgent: boolean }) {
  const { tenant } = finding;
  return (
    <tr>
      <td class="top muted nowrap medium">
        <Timestamp at={finding.time} />
      </td>
      {withAgent && (
        <th scope="row" class="top">
          <SubjectLink finding={finding} />
          <span class="sub">{tenant}</span>
        </th>
      )}
      <td class="top">
        <FindingLink finding={finding} />
        <span class="sub">
          {spaced(finding.detector)} · {finding.explanation}
        </span>
        <div class="narrow-only">
          <Timestamp at={finding.time} /> <OutcomeChip finding={finding} />{' '}
          <ChainLink finding={finding} label="Chain" />
        </div>
      </td>
      <td class="top medium nowrap">
        <OutcomeChip finding={finding} />
        {finding.feedback !== undefined && (
          <div>
            <FeedbackChip feedback={finding.feedback} />
          </div>
        )}
      </td>
      <td class="top num medium">{Math.round(finding.score)}</td>
      <td class="top wide">{finding.level}</td>
      <td class="top medium">
        <ChainLink finding={finding} label="Open" />
      </td>
    </tr>
  );
}
