import { type Command, Option } from 'commander';
import type { ReviewBody } from '../api/review-contract.ts';
import { REVIEW_VERDICTS } from '../core/review.ts';
import { callDaemon, type ServerOptions } from './daemon-client.ts';
import { type OutputFormat, printRows, talk } from './output.ts';
import { everyRow } from './read-commands.ts';
import { withPerson, withServer } from './with-server.ts';

type ReviewOptions = ServerOptions & { readonly output: OutputFormat };

const COLUMNS = ['id', 'opened_at', 'tenant', 'agents', 'score', 'failed', 'outcome', 'chain'];

/** `reviews list|show|decide`. */
export function addReviewCommands(program: Command): void {
  const reviews = program
    .command('reviews')
    .description('requests that people are asked to look at');
  withServer(reviews.command('list').description('open reviews, the latest first'))
    .option('--all', 'decided ones too')
    .option('--tenant <tenant>', 'one tenant only')
    .action(async (options: ReviewOptions & { all?: boolean; tenant?: string }) => {
      const query = new URLSearchParams({ state: options.all ? 'all' : 'open' });
      if (options.tenant !== undefined) query.set('tenant', options.tenant);
      const rows = await everyRow<ReviewBody>(options, `/v1/reviews?${query}`);
      if (rows.length === 0) talk('nothing waits for a review');
      printRows(rows.map(rowOf), options.output, COLUMNS);
    });
  withServer(
    reviews.command('show <id>').description('one review, with what failed and what was said'),
  ).action(async (id: string, options: ReviewOptions) => {
    const review = await callDaemon<ReviewBody>(options, 'GET', pathOf(id));
    const { judge, decided } = review;
    if (judge) talk(`${judge.model} gives ${judge.score}: ${judge.rationale}`);
    if (decided) talk(`${decided.by} on ${decided.at}: ${decided.verdict}, ${decided.note}`);
    printRows([rowOf(review)], options.output, COLUMNS);
  });
  const verdict = new Option('--verdict <verdict>', 'what you make of it (required)')
    .choices(REVIEW_VERDICTS)
    .makeOptionMandatory();
  withPerson(
    reviews.command('decide <id>').description('decide a review').addOption(verdict),
  ).action(
    async (id: string, options: ReviewOptions & Record<'verdict' | 'reason' | 'actor', string>) => {
      const { verdict: said, reason, actor } = options;
      const body = { verdict: said, reason, actor };
      const review = await callDaemon<ReviewBody>(options, 'POST', pathOf(id), body);
      talk(`recorded: ${review.chain} is ${said}`);
      if (options.output !== 'table') printRows([rowOf(review)], options.output, COLUMNS);
    },
  );
}

function pathOf(id: string): string {
  return `/v1/reviews/${encodeURIComponent(id)}`;
}

function rowOf(review: ReviewBody) {
  return { ...review, outcome: review.decided?.verdict ?? 'open' };
}
