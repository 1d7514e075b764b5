import type { ProfileDocument } from '../schema.ts';

/** Amazon Bedrock model invocation log. */
export const BEDROCK_PROFILE: ProfileDocument = {
  profile: 'bedrock',
  title: 'Amazon Bedrock model invocation log',
  recognise: { all: [{ at: '/schemaType', is: ['ModelInvocationLog'] }] },
  id: '/requestId',
  time: '/timestamp',
  kind: { constant: 'model_call' },
  agent: { id: '/identity/arn' },
  tenant: '/accountId',
  trace: { requestId: '/requestId' },
  action: { name: '/operation', op: { constant: 'execute' } },
  resource: {
    type: { constant: 'model' },
    id: '/modelId',
    server: { constant: 'bedrock.amazonaws.com' },
    region: '/region',
  },
  volume: { tokensIn: '/input/inputTokenCount', tokensOut: '/output/outputTokenCount' },
  decision: {
    verdict: {
      at: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
      map: { INTERVENED: 'deny', NONE: 'allow', '*BLOCK*': 'deny' },
    },
    reason: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
  },
  outcome: {
    status: [
      {
        at: '/output/outputBodyJson/amazon-bedrock-guardrailAction',
        map: { INTERVENED: 'denied', '*BLOCK*': 'denied' },
      },
      { at: '/errorCode', map: { 'AccessDenied*': 'denied', '*': 'failure' } },
      { constant: 'success' },
    ],
    errorType: '/errorCode',
  },
  attrs: { guardrail: '/output/outputBodyJson/amazon-bedrock-guardrailAction' },
  setup: `\`\`\`sh
aws bedrock put-model-invocation-logging-configuration --logging-config \\
  '' +
  '{"s3Config":{"bucketName":"tripcoil-audit","keyPrefix":"bedrock"},
    "textDataDeliveryEnabled":true}'
\`\`\`

Read the bucket with Vector's \`aws_s3\` source and send it to \`/v1/audit/bedrock\`. Prompts and
answers are not kept.`,
};
