import { createServer } from 'node:http';
import { createBreakerClient } from 'tripcoil-client';

const breakers = createBreakerClient({
  url: process.env.TRIPCOIL_URL ?? 'http://127.0.0.1:8787',
  token: process.env.TRIPCOIL_BROKER_TOKEN ?? '',
  onTrip: ({ key, level, reason }) => console.log('tripped', key.kind, key.id, level, reason),
});
createServer(({ url, headers: { 'x-agent': agent, 'x-session': session } }, response) => {
  const verdict = breakers.check({ agent, session, tool: url.slice(1) });
  response.writeHead(verdict.allow ? 200 : 403).end(`${JSON.stringify(verdict)}\n`);
}).listen(8790);
