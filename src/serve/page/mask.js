// A mask as a list of strokes, so that it has the photo's full size and needs no memory for it until it is sent.

/** Pixels of the longer side of what is shown while painting. */
const SHOWN = 2048;

export class Mask {
  constructor(width, height) {
    this.size = { width, height };
    this.strokes = [];
    this.undone = [];
    const share = Math.min(1, SHOWN / Math.max(width, height));
    this.layer = Object.assign(document.createElement("canvas"), {
      width: Math.max(1, Math.round(width * share)),
      height: Math.max(1, Math.round(height * share)),
    });
    this.context = this.layer.getContext("2d");
    this.scale = this.layer.width / width;
  }

  get isEmpty() {
    return !this.strokes.some((stroke) => stroke.kind !== "eraser");
  }

  /** The picture that was loaded as the mask, where nothing was painted since. */
  get loaded() {
    return this.strokes.length === 1 && this.strokes[0].kind === "base" ? this.strokes[0].id : null;
  }

  begin(kind, radius, point) {
    this.undone = [];
    this.current = { kind, radius, points: [point] };
    this.strokes.push(this.current);
    if (kind !== "lasso") paint(this.context, this.current, this.scale, colour());
  }

  move(point) {
    const { points } = this.current;
    const last = points.at(-1);
    if (Math.hypot(point.x - last.x, point.y - last.y) * this.scale < 0.7) return;
    points.push(point);
    if (this.current.kind !== "lasso") {
      paint(this.context, { ...this.current, points: [last, point] }, this.scale, colour());
    }
  }

  end() {
    if (this.current?.kind === "lasso") {
      if (this.current.points.length < 3) this.strokes.pop();
      else paint(this.context, this.current, this.scale, colour());
    }
    this.current = null;
  }

  cancel() {
    this.strokes.pop();
    this.current = null;
    this.render();
  }

  undo() {
    if (!this.strokes.length) return;
    this.undone.push(this.strokes.pop());
    this.render();
  }

  redo() {
    if (!this.undone.length) return;
    this.strokes.push(this.undone.pop());
    this.render();
  }

  clear() {
    this.add({ kind: "clear" });
  }

  invert() {
    this.add({ kind: "invert" });
  }

  /** Takes a picture as the mask: what is white in it is the hole. */
  load(image, id) {
    this.strokes = [];
    this.add({ kind: "base", image, id });
  }

  add(stroke) {
    this.undone = [];
    this.strokes.push(stroke);
    this.render();
  }

  render() {
    this.context.clearRect(0, 0, this.layer.width, this.layer.height);
    for (const stroke of this.strokes) paint(this.context, stroke, this.scale, colour());
  }

  /** Draws the mask over the photo, and the lasso that is being drawn. */
  draw(context, scale) {
    context.globalAlpha = 0.6;
    context.drawImage(this.layer, 0, 0, this.size.width, this.size.height);
    context.globalAlpha = 1;
    if (this.current?.kind !== "lasso") return;
    context.beginPath();
    for (const point of this.current.points) context.lineTo(point.x, point.y);
    context.closePath();
    context.fillStyle = colour(0.35);
    context.fill();
    context.lineWidth = 2 / scale;
    context.strokeStyle = colour();
    context.stroke();
  }

  /** A PNG file of the photo's size, white where the hole is. */
  async file() {
    const { width, height } = this.size;
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser has no room for a mask of this size.");
    for (const stroke of this.strokes) paint(context, stroke, 1, "#fff");
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error("This browser has no room for a mask of this size.");
    return blob;
  }
}

function colour(alpha = 1) {
  return `rgb(236 72 153 / ${alpha})`;
}

/** Puts a stroke on a layer that is transparent outside the mask. */
function paint(context, stroke, scale, colour) {
  const { width, height } = context.canvas;
  context.save();
  context.fillStyle = context.strokeStyle = colour;
  if (stroke.kind === "clear") context.clearRect(0, 0, width, height);
  else if (stroke.kind === "invert") {
    context.globalCompositeOperation = "source-out";
    context.fillRect(0, 0, width, height);
  } else if (stroke.kind === "base") paintBase(context, stroke.image, colour);
  else {
    context.scale(scale, scale);
    context.globalCompositeOperation = stroke.kind === "eraser" ? "destination-out" : "source-over";
    context.lineCap = context.lineJoin = "round";
    context.lineWidth = 2 * stroke.radius;
    context.beginPath();
    for (const point of stroke.points) context.lineTo(point.x, point.y);
    if (stroke.kind === "lasso") {
      context.closePath();
      context.fill();
    } else if (stroke.points.length === 1) {
      context.arc(stroke.points[0].x, stroke.points[0].y, stroke.radius, 0, 2 * Math.PI);
      context.fill();
    } else context.stroke();
  }
  context.restore();
}

/** Brightness becomes opacity. */
function paintBase(context, image, colour) {
  const { width, height } = context.canvas;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const own = canvas.getContext("2d", { willReadFrequently: true });
  own.imageSmoothingEnabled = false;
  own.drawImage(image, 0, 0, width, height);
  const pixels = own.getImageData(0, 0, width, height);
  for (let index = 0; index < pixels.data.length; index += 4) {
    const bright = (pixels.data[index] + pixels.data[index + 1] + pixels.data[index + 2]) / 3;
    pixels.data[index + 3] = bright >= 127.5 ? 255 : 0;
  }
  own.putImageData(pixels, 0, 0);
  own.globalCompositeOperation = "source-in";
  own.fillStyle = colour;
  own.fillRect(0, 0, width, height);
  context.drawImage(canvas, 0, 0);
}
