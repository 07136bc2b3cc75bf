// A model in Node: `node node.mjs PACKAGE MODEL`. From standard input comes a line of JSON with the shape of each input by
// name, then their numbers; the same goes back for the output, until the input ends.
import { readFileSync } from 'node:fs';

const [name, model] = process.argv.slice(2);
const runtime = await import(name);
const { InferenceSession, Tensor } = runtime.default ?? runtime;
const session = await InferenceSession.create(readFileSync(model), {
  executionProviders: [name === 'onnxruntime-web' ? 'wasm' : 'cpu'],
});

let waiting = Buffer.alloc(0);
const chunks = process.stdin[Symbol.asyncIterator]();
async function take(count) {
  while (waiting.length < count()) {
    const { value, done } = await chunks.next();
    if (done) process.exit(0);
    waiting = Buffer.concat([waiting, value]);
  }
  const taken = waiting.subarray(0, count());
  waiting = waiting.subarray(taken.length);
  return taken;
}

for (;;) {
  const line = await take(() => {
    const end = waiting.indexOf(10);
    return end < 0 ? waiting.length + 1 : end + 1;
  });
  const feeds = {};
  for (const [input, shape] of Object.entries(JSON.parse(line))) {
    const bytes = await take(() => 4 * shape.reduce((product, size) => product * size, 1));
    const numbers = new Float32Array(new Uint8Array(bytes).buffer);
    feeds[input] = new Tensor('float32', numbers, shape);
  }
  const { output } = await session.run(feeds);
  process.stdout.write(JSON.stringify(output.dims) + '\n');
  process.stdout.write(Buffer.from(output.data.buffer, output.data.byteOffset, output.data.byteLength));
}
