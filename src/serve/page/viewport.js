// A picture that can be zoomed, moved and drawn upon, by mouse, pen, touch and keyboard.

import { h } from "./dom.js";

const MAX_ZOOM = 16;

/**
 * `tool` says what a press does: it has `draw(context, scale)`, `begin(point)`, `move(point)`, `end()`, `radius()` (of the
 * brush in the picture's pixels; 0 for none) and `pans()`.
 */
export class Viewport {
  constructor(width, height, label, tool) {
    this.size = { width, height };
    this.tool = tool;
    this.canvas = h("canvas", { tabindex: "0", role: "application", "aria-label": label });
    this.node = h("div", { class: "viewport" }, this.canvas);
    this.context = this.canvas.getContext("2d");
    this.view = { scale: 1, x: 0, y: 0 };
    this.fitted = true;
    this.pointers = new Map();
    this.cursor = null;
    this.penDown = false;
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.node);
    this.listen();
  }

  leave() {
    this.observer.disconnect();
  }

  resize() {
    const box = this.node.getBoundingClientRect();
    if (!box.width) return;
    const density = Math.min(devicePixelRatio || 1, 2);
    this.density = density;
    this.canvas.width = Math.round(box.width * density);
    this.canvas.height = Math.round(box.height * density);
    if (this.fitted) this.fit();
    else this.repaint();
  }

  /** Shows all of the picture. */
  fit() {
    const { width, height } = this.canvas;
    const scale = Math.min(width / this.size.width, height / this.size.height) * 0.97;
    this.view = { scale, x: (width - this.size.width * scale) / 2, y: (height - this.size.height * scale) / 2 };
    this.fitted = true;
    this.repaint();
  }

  /** Zooms around a point of the canvas; its middle where none is given. */
  zoom(factor, at = { x: this.canvas.width / 2, y: this.canvas.height / 2 }) {
    const least = (0.5 * Math.min(this.canvas.width, this.canvas.height)) / Math.max(this.size.width, this.size.height);
    const scale = Math.min(MAX_ZOOM, Math.max(least, this.view.scale * factor));
    const real = scale / this.view.scale;
    this.view = { scale, x: at.x - (at.x - this.view.x) * real, y: at.y - (at.y - this.view.y) * real };
    this.fitted = false;
    this.repaint();
  }

  pan(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.fitted = false;
    this.repaint();
  }

  /** Draws once before the next frame. */
  repaint() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      const { context, view } = this;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, this.canvas.width, this.canvas.height);
      context.setTransform(view.scale, 0, 0, view.scale, view.x, view.y);
      context.imageSmoothingEnabled = view.scale < 3;
      this.tool.draw(context, view.scale);
      this.drawCursor();
    });
  }

  drawCursor() {
    const radius = this.tool.radius();
    if (!this.cursor || this.tool.pans()) return;
    const { context, cursor, view } = this;
    const line = this.density / view.scale;
    for (const [colour, width] of [["rgb(0 0 0 / .7)", 3], ["#fff", 1.4]]) {
      context.beginPath();
      if (radius) context.arc(cursor.x, cursor.y, radius, 0, 2 * Math.PI);
      else {
        context.moveTo(cursor.x - 9 * line, cursor.y);
        context.lineTo(cursor.x + 9 * line, cursor.y);
        context.moveTo(cursor.x, cursor.y - 9 * line);
        context.lineTo(cursor.x, cursor.y + 9 * line);
      }
      context.lineWidth = width * line;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  onCanvas(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: (event.clientX - box.left) * this.density, y: (event.clientY - box.top) * this.density };
  }

  toPicture(point) {
    return { x: (point.x - this.view.x) / this.view.scale, y: (point.y - this.view.y) / this.view.scale };
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.ctrlKey || !event.shiftKey) this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), this.onCanvas(event));
      else this.pan(-event.deltaY, 0);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.moved(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.up(event));
    canvas.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.repaint();
    });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.liftPen());
  }

  down(event) {
    this.canvas.focus({ preventScroll: true });
    this.canvas.setPointerCapture(event.pointerId);
    this.liftPen();
    const at = this.onCanvas(event);
    this.pointers.set(event.pointerId, at);
    if (this.pointers.size === 2) {
      // A second finger moves the picture; what the first one drew is taken back.
      if (this.drawing) this.tool.cancel?.();
      this.drawing = false;
      return;
    }
    this.panning = this.tool.pans() || event.button === 1 || event.button === 2;
    if (this.panning) return;
    this.drawing = true;
    this.cursor = this.toPicture(at);
    this.tool.begin(this.cursor);
    this.repaint();
  }

  moved(event) {
    const at = this.onCanvas(event);
    const before = this.pointers.get(event.pointerId);
    if (before && this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
      const distance = (one) => Math.hypot(one.x - other.x, one.y - other.y);
      this.zoom(distance(at) / Math.max(1, distance(before)), other);
      this.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
    } else if (before && this.panning) {
      this.pan(at.x - before.x, at.y - before.y);
    } else if (before && this.drawing) {
      const points = event.getCoalescedEvents?.() ?? [];
      for (const point of points.length ? points : [event]) this.tool.move(this.toPicture(this.onCanvas(point)));
    }
    if (before) this.pointers.set(event.pointerId, at);
    this.cursor = this.toPicture(at);
    this.repaint();
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.drawing && !this.pointers.size) {
      this.drawing = false;
      this.tool.end();
    }
    if (!this.pointers.size) this.panning = false;
    if (event.pointerType === "touch") this.cursor = null;
    this.repaint();
  }

  /** Arrow keys move the brush, the space bar puts it down and lifts it. */
  key(event) {
    const step = (event.shiftKey ? 40 : 8) / this.view.scale;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key in moves) {
      this.cursor ??= { x: this.size.width / 2, y: this.size.height / 2 };
      const [x, y] = moves[event.key];
      this.cursor = {
        x: Math.min(this.size.width, Math.max(0, this.cursor.x + x)),
        y: Math.min(this.size.height, Math.max(0, this.cursor.y + y)),
      };
      if (this.penDown) this.tool.move(this.cursor);
    } else if (event.key === " " && !this.tool.pans()) {
      this.cursor ??= { x: this.size.width / 2, y: this.size.height / 2 };
      if (this.penDown) this.liftPen();
      else {
        this.penDown = true;
        this.tool.begin(this.cursor);
      }
    } else return;
    event.preventDefault();
    this.repaint();
  }

  liftPen() {
    if (!this.penDown) return;
    this.penDown = false;
    this.tool.end();
  }
}
