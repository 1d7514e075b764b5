import { BlindIcon, CheckIcon } from '../../components/icons.tsx';
import type { DetectorRow } from '../../format/detectors.ts';
import { formatCount, plural } from '../../format/number.ts';
import { hrefTo } from '../../state/router.ts';

/** Below so many judged findings a share says little. */
const FEW_JUDGED = 10;

/** Detectors as a table; each leads to its findings. */
export function DetectorTable({ rows }: { rows: readonly DetectorRow[] }) {
  return (
    <div class="table-wrap">
      <table class="rows-tall">
        <thead>
          <tr>
            <th scope="col">Detector</th>
            <th scope="col">Mode</th>
            <th scope="col" class="medium">
              Coverage
            </th>
            <th scope="col" class="wide">
              People said
            </th>
            <th scope="col" class="num">
              Precision
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row }: { row: DetectorRow }) {
  const { id, title, family, source } = row;
  return (
    <tr>
      <th scope="row" class="top">
        <a href={hrefTo({ page: 'findings' }, { detector: id })}>{title}</a>
        <span class="sub">
          <code>{id}</code> · {family}
          {source !== 'built-in' && ` · ${source === 'rule' ? 'your rule' : 'your module'}`}
        </span>
        <div class="narrow-only">
          <Coverage row={row} />
        </div>
      </th>
      <td class="top">
        <Modes modes={row.modes} />
        <SetAside reasons={row.setAside} />
      </td>
      <td class="top medium">
        <Coverage row={row} />
      </td>
      <td class="top wide">
        <Said feedback={row.feedback} />
      </td>
      <td class="top num">
        <Precision row={row} />
      </td>
    </tr>
  );
}

function Modes({ modes }: Pick<DetectorRow, 'modes'>) {
  const [only, ...others] = modes;
  if (only === undefined) return null;
  if (others.length === 0) return <Mode mode={only.mode} />;
  return (
    <>
      {modes.map(({ mode, tenants }) => (
        <div key={mode}>
          <Mode mode={mode} /> <span class="muted">{tenants.join(', ')}</span>
        </div>
      ))}
    </>
  );
}

/** It has a mode and is not asked all the same: that must not look like calm. */
function SetAside({ reasons }: { reasons: readonly string[] }) {
  if (reasons.length === 0) return null;
  return (
    <div>
      <span
        class="chip warn"
        title={`No longer asked, ${reasons.join(', ')}, until it or the configuration changes`}
      >
        <BlindIcon size={12} />
        set aside
      </span>
      <span class="sub">{reasons.join(', ')}</span>
    </div>
  );
}

function Mode({ mode }: { mode: string }) {
  return <span class={`mode mode-${mode}`}>{mode}</span>;
}

/** Blindness is shown, never taken for calm; an agent never asked about is neither. */
function Coverage({ row: { agents, blind, modes } }: { row: DetectorRow }) {
  const acts = modes.some(({ mode }) => mode !== 'shadow' && mode !== 'off');
  if (agents === 0) return <span class="faint">nothing to judge yet</span>;
  if (blind === 0) {
    return (
      <span class="chip plain">
        <CheckIcon size={11} />
        {plural(agents, 'agent')}
      </span>
    );
  }
  return (
    <a
      class={`chip ${acts ? 'warn' : 'plain'}`}
      href={hrefTo({ page: 'sources' })}
      title="Which field would cure it"
    >
      <BlindIcon size={12} />
      blind for {formatCount(blind)} of {formatCount(agents)}
    </a>
  );
}

const SAID = [
  ['true', 'right'],
  ['false', 'wrong'],
  ['benign', 'agreed to'],
  ['missed', 'missed'],
] as const;

function Said({ feedback }: Pick<DetectorRow, 'feedback'>) {
  const said = SAID.filter(([verdict]) => feedback[verdict] > 0);
  if (said.length === 0) return <span class="faint">–</span>;
  return <>{said.map(([verdict, word]) => `${feedback[verdict]} ${word}`).join(', ')}</>;
}

function Precision({ row: { precision, judged } }: { row: DetectorRow }) {
  if (precision === null) return <span class="faint">–</span>;
  return (
    <>
      {Math.round(precision * 100)} %
      <span class="sub nowrap">
        of {judged}
        {judged < FEW_JUDGED && ', few'}
      </span>
    </>
  );
}
