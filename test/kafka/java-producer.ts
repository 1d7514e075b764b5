import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { kafkaJars } from '../../scripts/kafka.ts';

/** The codecs of the Java client, which most producers of Kafka are or imitate. */
export const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const;

/** Sends the values, which hold no line break, by Kafka's own producer for Java. */
export async function produceWithJava(
  bootstrap: string,
  topic: string,
  codec: (typeof CODECS)[number],
  values: readonly string[],
): Promise<void> {
  const program = join(import.meta.dirname, 'Produce.java');
  const options = ['-Xmx768m', '-XX:+UseSerialGC', '-cp', join(await kafkaJars(), '*')];
  const java = spawn('java', [...options, program, bootstrap, topic, codec], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let said = '';
  java.stderr.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  java.stdin.end(values.map((value) => `${value}\n`).join(''));
  const [code] = await once(java, 'exit');
  if (code !== 0) throw new Error(`the Java producer failed:\n${said}`);
}
