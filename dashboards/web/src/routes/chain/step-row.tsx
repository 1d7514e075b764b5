import type { ChainStepBody } from '../../../../../src/api/contract.ts';
import { StepIcon } from '../../components/icons.tsx';
import { Timestamp } from '../../components/timestamp.tsx';
import { roleWord } from '../../format/gap.ts';
import { formatCount, formatDuration, plural, shortened } from '../../format/number.ts';
import { spaced } from '../../format/reason.ts';
import { barOf, crossesTenant, redactionTotals } from '../../state/chain-rows.ts';

interface StepProps {
  readonly step: ChainStepBody;
  readonly depth: number;
  readonly span: { readonly startMs: number; readonly endMs: number };
}

/** One step; on a narrow screen the middle of the flow folds under its name. */
export function StepRow({ step, depth, span }: StepProps) {
  return (
    <tr>
      <th scope="row" class="top">
        <div class="step-name" style={{ '--depth': String(depth) }}>
          <StepIcon kind={step.kind} />
          <div>
            <b>{step.action}</b> <span class="muted">{roleWord(step.role)}</span>
            {step.late_ms !== null && (
              <span class="chip warn late">arrived {formatDuration(step.late_ms)} late</span>
            )}
            <span class="sub">
              {step.agent}
              {resourceText(step) !== '' && ` → ${resourceText(step)}`}
            </span>
            <span class="sub faint">
              {spaced(step.kind)} · {step.source}
            </span>
            <div class="fold">
              {step.decision !== null && <Decision decision={step.decision} />}
              {step.approval !== null && <Approval approval={step.approval} />}
              {step.token !== null && <Token token={step.token} />}
              <span class="muted">{step.tenant}</span>
            </div>
          </div>
        </div>
      </th>
      <td class="top wide">
        <Tenants step={step} />
      </td>
      <td class="top wide">
        {step.decision === null ? <Nothing /> : <Decision decision={step.decision} />}
      </td>
      <td class="top wide">
        {step.approval === null ? <Nothing /> : <Approval approval={step.approval} />}
      </td>
      <td class="top wide">{step.token === null ? <Nothing /> : <Token token={step.token} />}</td>
      <td class="top">
        <Outcome step={step} />
      </td>
      <td class="top medium gantt-cell">
        <TimeBar step={step} span={span} />
      </td>
    </tr>
  );
}

const Nothing = () => <span class="faint">–</span>;

function resourceText(step: ChainStepBody): string {
  const { resource } = step;
  if (resource === null) return '';
  return [resource.type, resource.id].filter((part) => part !== undefined).join(':');
}

function Tenants({ step }: { step: ChainStepBody }) {
  if (!crossesTenant(step)) return <span class="muted">{step.tenant}</span>;
  return (
    <>
      <span class="chip warn">{step.resource?.tenant}</span>
      <span class="sub">from {step.tenant}</span>
    </>
  );
}

function Decision({ decision }: { decision: NonNullable<ChainStepBody['decision']> }) {
  const refused = decision.verdict !== 'allow';
  return (
    <span title={decision.id}>
      <span class={refused ? 'verdict refused' : 'verdict'}>{decision.verdict}</span>
      {decision.policy !== undefined && <span class="sub">{decision.policy}</span>}
    </span>
  );
}

function Approval({ approval }: { approval: NonNullable<ChainStepBody['approval']> }) {
  return (
    <span>
      <span class="verdict">{approval.status}</span>
      {approval.approver !== undefined && <span class="sub">by {approval.approver}</span>}
    </span>
  );
}

const TOKEN_CHARS = 16;

function Token({ token }: { token: NonNullable<ChainStepBody['token']> }) {
  const id = token.jti ?? token.txn ?? '';
  return (
    <code class="nowrap" title={`jti ${token.jti ?? '–'}\ntxn ${token.txn ?? '–'}`}>
      {shortened(id, TOKEN_CHARS)}
    </code>
  );
}

function Outcome({ step }: { step: ChainStepBody }) {
  const redacted = redactionTotals([step]);
  const total = redacted.reduce((sum, one) => sum + one.count, 0);
  return (
    <>
      <span class={step.outcome === 'success' ? 'verdict' : 'verdict refused'}>{step.outcome}</span>
      {(step.records !== null || total > 0) && (
        <span
          class="sub nowrap"
          title={redacted.map((one) => `${formatCount(one.count)} ${one.type}`).join('\n')}
        >
          {[
            ...(step.records === null ? [] : [plural(step.records, 'record')]),
            ...(total === 0 ? [] : [`${formatCount(total)} redacted`]),
          ].join(' · ')}
        </span>
      )}
    </>
  );
}

function TimeBar({ step, span }: { step: ChainStepBody; span: StepProps['span'] }) {
  const bar = barOf(step, span.startMs, span.endMs);
  const denied = step.outcome === 'denied' ? ' denied' : '';
  return (
    <>
      <div class={`gantt${denied}`} aria-hidden="true">
        <i style={{ '--from': `${bar.from}%`, '--span': `${bar.span}%` }} />
      </div>
      <span class="sub nowrap">
        <Timestamp at={step.time} />
        {step.latency_ms !== null && ` · ${formatDuration(step.latency_ms)}`}
      </span>
    </>
  );
}
