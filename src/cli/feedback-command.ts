import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { FeedbackAnswerBody } from '../api/detector-contract.ts';
import { FEEDBACK_VERDICTS } from '../core/feedback.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { type OutputFormat, printRows, talk } from './output.ts';
import { withPerson } from './with-server.ts';

type FeedbackOptions = ServerOptions & {
  readonly output: OutputFormat;
  readonly verdict: string;
  readonly reason: string;
  readonly actor: string;
  readonly tenant?: string;
  readonly detector?: string;
};

/** `findings feedback ID`. */
export function addFeedbackCommand(findings: Command): void {
  const verdict = new Option('--verdict <verdict>', 'whether the finding was right (required)')
    .choices(FEEDBACK_VERDICTS)
    .makeOptionMandatory();
  withPerson(
    findings
      .command('feedback <id>')
      .description('say whether a finding was right; `missed` takes the id of an event')
      .addOption(verdict)
      .option('--detector <detector>', 'of `missed`: what should have found it'),
  )
    .option('--tenant <tenant>', 'of `missed`: where the event happened')
    // The parent takes some of these options too, and would keep them for itself.
    .action(async (id: string, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<FeedbackOptions>();
      const { verdict: said, reason, actor, tenant, detector } = options;
      const body = { verdict: said, reason, actor, tenant, detector };
      const path = `/v1/findings/${encodeURIComponent(id)}/feedback`;
      const answer = await callDaemon<FeedbackAnswerBody>(options, 'POST', path, body);
      talk(`recorded: ${answer.detector} was ${answer.verdict} in ${answer.tenant}`);
      if (answer.exception !== null) {
        talk('to hold such findings until then, add to the configuration:');
        const lines = stringify({ detectors: { exceptions: [answer.exception] } });
        for (const line of lines.trimEnd().split('\n')) talk(`  ${line}`);
      }
      if (options.output !== 'table') printRows([{ ...answer }], options.output, []);
    });
}
