// A map of classes and instances, painted pixel by pixel: no edge is ever between two classes.

import { png } from "./png.js";

/** Changes that can be taken back. */
const HISTORY = 60;

export class LabelMap {
  /** `classes`: id, name and colour; the whole map has the class `fill` at first. */
  constructor(width, height, classes, fill) {
    this.size = { width, height };
    this.classes = classes;
    this.colours = new Map(classes.map((one) => [one.id, one.colour]));
    this.ids = new Uint16Array(width * height).fill(fill);
    this.instances = new Uint16Array(width * height).fill(fill);
    this.image = new ImageData(width, height);
    this.canvas = Object.assign(document.createElement("canvas"), { width, height });
    this.context = this.canvas.getContext("2d");
    this.done = [];
    this.undone = [];
    this.counts = new Map();
    this.redraw();
  }

  redraw() {
    const { data } = this.image;
    for (let index = 0; index < this.ids.length; index++) this.colour(data, index);
    this.context.putImageData(this.image, 0, 0);
  }

  colour(data, index) {
    const [red, green, blue] = this.colours.get(this.ids[index]) ?? [0, 0, 0];
    data.set([red, green, blue, 255], index * 4);
  }

  /** Begins a change: what it touches is remembered. */
  begin(id, separate) {
    this.change = new Map();
    this.id = id;
    this.instance = separate ? this.newInstance(id) : id;
  }

  /** As in Cityscapes: the class, then the number of the object. */
  newInstance(id) {
    const count = this.counts.get(id) ?? 0;
    this.counts.set(id, count + 1);
    return Math.min(65535, id * 1000 + count);
  }

  put(index) {
    if (this.ids[index] === this.id && this.instances[index] === this.instance) return;
    if (!this.change.has(index)) this.change.set(index, [this.ids[index], this.instances[index]]);
    this.ids[index] = this.id;
    this.instances[index] = this.instance;
    this.colour(this.image.data, index);
  }

  /** A line with round ends. */
  line(from, to, radius) {
    const { width, height } = this.size;
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius));
    const right = Math.min(width - 1, Math.ceil(Math.max(from.x, to.x) + radius));
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(from.y, to.y) + radius));
    const dx = to.x - from.x;
    const dy = to.y - from.y;
    const length = dx * dx + dy * dy;
    const reach = Math.max(0.5, radius * radius);
    for (let y = top; y <= bottom; y++) {
      for (let x = left; x <= right; x++) {
        const px = x + 0.5 - from.x;
        const py = y + 0.5 - from.y;
        const share = length ? Math.min(1, Math.max(0, (px * dx + py * dy) / length)) : 0;
        if ((px - share * dx) ** 2 + (py - share * dy) ** 2 <= reach) this.put(y * width + x);
      }
    }
    if (right >= left && bottom >= top) this.context.putImageData(this.image, 0, 0, left, top, right - left + 1, bottom - top + 1);
  }

  /** The area of one class around a point. */
  flood(point) {
    const { width, height } = this.size;
    const start = Math.floor(point.y) * width + Math.floor(point.x);
    if (point.x < 0 || point.y < 0 || point.x >= width || point.y >= height) return;
    const [id, instance] = [this.ids[start], this.instances[start]];
    const seen = new Uint8Array(this.ids.length);
    const open = [start];
    seen[start] = 1;
    while (open.length) {
      const index = open.pop();
      this.put(index);
      const x = index % width;
      for (const next of [x > 0 ? index - 1 : -1, x < width - 1 ? index + 1 : -1, index - width, index + width]) {
        if (next < 0 || next >= seen.length || seen[next] || this.ids[next] !== id || this.instances[next] !== instance) continue;
        seen[next] = 1;
        open.push(next);
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }

  end() {
    if (this.change?.size) {
      this.done.push(this.change);
      this.undone = [];
      if (this.done.length > HISTORY) this.done.shift();
    }
    this.change = null;
  }

  cancel() {
    this.end();
    this.undo();
    this.undone.pop();
  }

  undo() {
    this.swap(this.done, this.undone);
  }

  redo() {
    this.swap(this.undone, this.done);
  }

  swap(from, to) {
    const change = from.pop();
    if (!change) return;
    const other = new Map();
    for (const [index, [id, instance]] of change) {
      other.set(index, [this.ids[index], this.instances[index]]);
      this.ids[index] = id;
      this.instances[index] = instance;
      this.colour(this.image.data, index);
    }
    to.push(other);
    this.context.putImageData(this.image, 0, 0);
  }

  /** Gives each connected area of a class a number of its own. */
  findInstances() {
    const { width } = this.size;
    const seen = new Uint8Array(this.ids.length);
    this.counts = new Map();
    let found = 0;
    for (let start = 0; start < seen.length; start++) {
      if (seen[start]) continue;
      const id = this.ids[start];
      const instance = this.newInstance(id);
      found += 1;
      const open = [start];
      seen[start] = 1;
      while (open.length) {
        const index = open.pop();
        this.instances[index] = instance;
        const x = index % width;
        for (const next of [x > 0 ? index - 1 : -1, x < width - 1 ? index + 1 : -1, index - width, index + width]) {
          if (next < 0 || next >= seen.length || seen[next] || this.ids[next] !== id) continue;
          seen[next] = 1;
          open.push(next);
        }
      }
    }
    return found;
  }

  /** Takes the pixels of a picture for a map: grey levels for ids, or the colours of the classes. */
  take(pixels, coloured) {
    const known = new Map(this.classes.map((one) => [one.colour.join(), one.id]));
    const ids = new Set(this.classes.map((one) => one.id));
    const taken = new Uint16Array(this.ids.length);
    for (let index = 0; index < taken.length; index++) {
      const [red, green, blue] = pixels.subarray(index * 4, index * 4 + 3);
      const id = coloured ? known.get([red, green, blue].join()) : red;
      if (id === undefined || (!coloured && (red !== green || red !== blue || !ids.has(id)))) {
        throw new Error(coloured ? `The colour ${red}, ${green}, ${blue} is that of no class.` : `The map has values that are no class, such as ${red}.`);
      }
      taken[index] = id;
    }
    this.ids.set(taken);
    this.instances.set(taken);
    this.redraw();
  }

  /** The map as styles take it. */
  file(coloured) {
    const { width, height } = this.size;
    if (!coloured) return png(width, height, "grey8", Uint8Array.from(this.ids));
    const samples = new Uint8Array(3 * this.ids.length);
    this.ids.forEach((id, index) => samples.set(this.colours.get(id), 3 * index));
    return png(width, height, "rgb8", samples);
  }

  instanceFile() {
    const samples = new Uint8Array(2 * this.instances.length);
    this.instances.forEach((id, index) => samples.set([id >> 8, id & 255], 2 * index));
    return png(this.size.width, this.size.height, "grey16", samples);
  }
}
