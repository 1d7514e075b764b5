import type { ComponentChildren } from 'preact';
import type { BreakerBody } from '../../../../src/api/breaker-contract.ts';
import { spaced } from '../format/reason.ts';
import { Acks } from './acks.tsx';
import { MovesOn, PhaseChip, Standing } from './breaker-phase.tsx';
import { Timestamp } from './timestamp.tsx';

/** How a breaker stands: phase, why, since when, until when, and who has obeyed. */
export function BreakerFacts(props: { breaker: BreakerBody; reason?: ComponentChildren }) {
  const { breaker, reason } = props;
  const text = breaker.title ?? breaker.reason;
  return (
    <dl class="evidence">
      <Row name="State">
        <PhaseChip breaker={breaker} />
        <Standing breaker={breaker} />
      </Row>
      {text !== null && <Row name="Reason">{reason ?? text}</Row>}
      {breaker.class !== null && <Row name="Class">{spaced(breaker.class)}</Row>}
      {breaker.opened_at !== null && (
        <Row name="Since">
          <Timestamp at={breaker.opened_at} />
        </Row>
      )}
      {breaker.phase !== 'closed' && (
        <>
          <Row name="Moves on">
            <MovesOn breaker={breaker} />
          </Row>
          <Row name="Confirmed">
            <Acks breaker={breaker} />
          </Row>
        </>
      )}
      <Row name="Epoch">{breaker.epoch}</Row>
    </dl>
  );
}

function Row(props: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}
