import type { AccessEvent } from '../../core/access-event.ts';
import type { ActionFact, ResourceFact } from '../../core/grant.ts';

/** Labels of resources and actions that detectors take as sensitive unless configured otherwise. */
export const SENSITIVE_LABELS: readonly string[] = [
  'high',
  'critical',
  'confidential',
  'restricted',
  'secret',
];

/** Whether the event, or the grants file about its resource or action, names one of the labels. */
export function hasLabelOf(
  event: AccessEvent,
  {
    resourceFact,
    actionFact,
  }: Readonly<{
    resourceFact: ResourceFact | null;
    actionFact: ActionFact | null;
  }>,
  labels: readonly string[],
): boolean {
  return (
    isOneOf(labels, event.resource?.sensitivity) ||
    isOneOf(labels, resourceFact?.sensitivity) ||
    isOneOf(labels, actionFact?.sensitivity)
  );
}

function isOneOf(labels: readonly string[], label: string | undefined): boolean {
  return label !== undefined && labels.includes(label);
}
