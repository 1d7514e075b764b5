import type { ChainBody } from '../../../../../src/api/contract.ts';
import { OutcomeChip } from '../../components/chips.tsx';
import { ArrowIcon } from '../../components/icons.tsx';
import { FindingLink } from '../../components/subject-link.tsx';
import { gapText, isGrave } from '../../format/gap.ts';
import { spaced } from '../../format/reason.ts';
import { type ChainRow, chainRows, spanOf } from '../../state/chain-rows.ts';
import { StepRow } from './step-row.tsx';

const COLUMNS = 7;

/** The columns are the flow itself: request, decision, approval, token, outcome, time. */
export function StepTable({ chain }: { chain: ChainBody }) {
  const span = spanOf(chain);
  return (
    <div class="table-wrap">
      <table class="chain-table">
        <thead>
          <tr>
            <th scope="col">Request</th>
            <th scope="col" class="wide">
              Tenant
            </th>
            <th scope="col" class="wide">
              Decision
            </th>
            <th scope="col" class="wide">
              Approval
            </th>
            <th scope="col" class="wide">
              Token
            </th>
            <th scope="col">Outcome</th>
            <th scope="col" class="medium">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {chainRows(chain).map((row, position) => (
            <Row key={position} row={row} span={span} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(props: { row: ChainRow; span: { startMs: number; endMs: number } }) {
  const { row } = props;
  switch (row.kind) {
    case 'step':
      return <StepRow step={row.step} depth={row.depth} span={props.span} />;
    case 'delegation':
      return (
        <tr class="boundary">
          <td colSpan={COLUMNS}>
            <ArrowIcon />
            {row.from} hands over to {row.to}
          </td>
        </tr>
      );
    case 'tenant':
      return (
        <tr class="boundary tenant">
          <td colSpan={COLUMNS}>
            <ArrowIcon />
            Crosses from tenant {row.from} into {row.to}
          </td>
        </tr>
      );
    case 'gap':
      return (
        <tr class={`gap-row ${isGrave(row.gap) ? 'grave' : ''}`}>
          <td colSpan={COLUMNS}>
            <span>{gapText(row.gap)}</span>
          </td>
        </tr>
      );
    case 'finding':
      return (
        <tr class={`inline-finding ${row.finding.decision.tripped ? 'tripped' : ''}`}>
          <td colSpan={COLUMNS}>
            <p>
              <OutcomeChip finding={row.finding} /> <FindingLink finding={row.finding} />
            </p>
            <span class="sub">
              {spaced(row.finding.detector)} · {row.finding.explanation}
            </span>
          </td>
        </tr>
      );
  }
}
