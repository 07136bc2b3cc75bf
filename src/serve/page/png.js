// Label maps as PNG files. A canvas would write colours with transparency; maps of ids are grey.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

function checksum(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(name, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set([...name].map((letter) => letter.charCodeAt(0)), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, checksum(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

/**
 * A PNG file. `kind`: grey8 (a byte for each pixel), grey16 (two, the higher first) or rgb8 (three).
 */
export async function png(width, height, kind, samples) {
  const [depth, colour, size] = { grey8: [8, 0, 1], grey16: [16, 0, 2], rgb8: [8, 2, 3] }[kind];
  const row = width * size;
  const raw = new Uint8Array((row + 1) * height);
  for (let y = 0; y < height; y++) raw.set(samples.subarray(y * row, (y + 1) * row), y * (row + 1) + 1);
  const stream = new Blob([raw]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(stream).arrayBuffer());
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([depth, colour, 0, 0, 0], 8);
  return new Blob([new Uint8Array(SIGNATURE), chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", new Uint8Array(0))], { type: "image/png" });
}
