// Labels: paint a map of classes, and see what a style makes of it, in several looks.

import { begin, follow, styles, upload } from "./api.js";
import { announce, button, duration, field, h, icon, toast } from "./dom.js";
import { LabelMap } from "./label_map.js";
import { noStyles, stylePicker } from "./style_picker.js";
import { Viewport } from "./viewport.js";

const TOOLS = [
  ["brush", "Brush", "b"],
  ["bucket", "Fill an area", "g"],
  ["hand", "Move the picture", "h"],
];

/** What outlives a change of the view. */
const memory = { style: null, state: null, map: null, tool: "brush", size: 8, id: null, separate: false, samples: 3, seed: 0, result: null };

export async function enter(main) {
  const all = (await styles(true)).filter((style) => style.labels);
  if (!all.length) {
    main.append(noStyles("that takes label maps", "translate train --mode pix2pixhd --data labels --set data.classes=35 --name streets"));
    return null;
  }
  const view = new LabelView(main, all);
  return { leave: () => view.leave() };
}

class LabelView {
  constructor(main, all) {
    this.stage = h("section", { class: "stage editor card", "aria-label": "Label map" });
    this.looks = h("ul", { class: "looks", "aria-label": "Looks" });
    this.side = h("aside", { class: "side card", "aria-label": "Choices" });
    const picker = stylePicker(all, memory.style, (style, state) => {
      const other = memory.style !== style.name;
      memory.state = state;
      this.setStyle(style, other);
    });
    this.picker = picker.node;
    main.append(h("div", { class: "split" }, h("div", { class: "main-column" }, this.stage, this.looks), this.side));
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.setStyle(picker.first, memory.style !== picker.first.name);
  }

  leave() {
    this.viewport?.leave();
    document.removeEventListener("keydown", this.keys);
  }

  setStyle(style, fresh) {
    this.style = style;
    memory.style = style.name;
    if (fresh || !memory.map) {
      const [width, height] = sizeOf(style.size);
      memory.state = style.name;
      memory.result = null;
      memory.id = style.labels.classes[Math.min(1, style.labels.classes.length - 1)].id;
      memory.map = new LabelMap(width, height, style.labels.classes, style.labels.classes[0].id);
    }
    this.show();
  }

  show() {
    const { map } = memory;
    const radius = () => (memory.size / 200) * Math.min(map.size.width, map.size.height);
    let last = null;
    this.viewport?.leave();
    this.viewport = new Viewport(map.size.width, map.size.height, "Label map: arrow keys move the brush, the space bar puts it down and lifts it", {
      draw: (context) => {
        context.imageSmoothingEnabled = false;
        context.drawImage(map.canvas, 0, 0);
      },
      begin: (point) => {
        map.begin(memory.id, memory.separate && this.style.labels.instances);
        last = point;
        if (memory.tool === "bucket") map.flood(point);
        else map.line(point, point, radius());
      },
      move: (point) => {
        if (memory.tool === "bucket") return;
        map.line(last, point, radius());
        last = point;
      },
      end: () => map.end(),
      cancel: () => map.cancel(),
      radius: () => (memory.tool === "bucket" ? 0 : radius()),
      pans: () => memory.tool === "hand",
    });
    this.toolbar = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Tools" });
    this.stage.replaceChildren(this.toolbar, this.viewport.node);
    const act = (work) => () => {
      work();
      this.viewport.repaint();
    };
    this.sizeInput = h("input", { type: "range", min: "1", max: "50", value: memory.size, "aria-label": "Size of the brush", oninput: () => { memory.size = Number(this.sizeInput.value); this.viewport.repaint(); } });
    this.toolbar.replaceChildren(
      h("div", { class: "tool-group" }, TOOLS.map(([name, label, key]) => button({ symbol: name, label: `${label} (${key.toUpperCase()})`, "data-tool": name, "aria-pressed": memory.tool === name ? "true" : "false", onclick: () => this.setTool(name) }))),
      h("label", { class: "tool-size" }, h("span", { class: "dot small", "aria-hidden": "true" }), this.sizeInput, h("span", { class: "dot", "aria-hidden": "true" })),
      h("div", { class: "tool-group" }, button({ symbol: "undo", label: "Undo (Ctrl+Z)", onclick: act(() => map.undo()) }), button({ symbol: "redo", label: "Redo (Ctrl+Shift+Z)", onclick: act(() => map.redo()) })),
      h("div", { class: "tool-group" },
        button({ symbol: "minus", label: "Zoom out (-)", onclick: () => this.viewport.zoom(0.7) }),
        button({ symbol: "fit", label: "Show all (0)", onclick: () => this.viewport.fit() }),
        button({ symbol: "plus", label: "Zoom in (+)", onclick: () => this.viewport.zoom(1.4) }),
      ),
    );
    this.showSide();
    this.showLooks();
  }

  setTool(name) {
    memory.tool = name;
    for (const node of this.toolbar.querySelectorAll("[data-tool]")) node.setAttribute("aria-pressed", node.dataset.tool === name ? "true" : "false");
    this.viewport.repaint();
  }

  key(event) {
    if (event.target.closest?.("input:not([type=range], [type=radio]), select, textarea, dialog")) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
      if (key === "y" || event.shiftKey) memory.map.redo();
      else memory.map.undo();
      this.viewport.repaint();
      event.preventDefault();
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey) {
      const tool = TOOLS.find(([, , shortcut]) => shortcut === key);
      if (tool) this.setTool(tool[0]);
      else if (key === "+" || key === "=") this.viewport.zoom(1.4);
      else if (key === "-") this.viewport.zoom(0.7);
      else if (key === "0") this.viewport.fit();
    }
  }

  showSide() {
    const { labels, varies } = this.style;
    const palette = h("fieldset", { class: "palette" }, h("legend", {}, "Class"));
    for (const one of labels.classes) {
      const mark = h("span", { class: "mark", "aria-hidden": "true" });
      mark.style.background = `rgb(${one.colour.join(" ")})`;
      palette.append(h("label", {}, h("input", { type: "radio", name: "class", value: one.id, checked: one.id === memory.id, onchange: () => (memory.id = one.id) }), mark, h("span", {}, one.name)));
    }
    const load = h("input", { type: "file", accept: "image/*", class: "hidden-text", tabindex: "-1", "aria-label": "Label map", onchange: () => load.files[0] && this.load(load.files[0]) });
    const number = (key, min, max) => {
      const input = h("input", { type: "number", min, max, value: memory[key], oninput: () => (memory[key] = Math.min(max, Math.max(min, Number(input.value) || 0))) });
      return input;
    };
    this.status = h("div", { role: "status" });
    this.side.replaceChildren(
      this.picker,
      palette,
      h("div", { class: "options" },
        labels.instances && h("label", { class: "check" }, h("input", { type: "checkbox", checked: memory.separate, onchange: (event) => (memory.separate = event.target.checked) }), "Each stroke is an object of its own"),
        labels.instances && button({ text: "Find objects", onclick: () => toast(`${memory.map.findInstances()} objects`) }),
        h("div", { class: "row wrap" }, button({ text: "Load a map", symbol: "upload", onclick: () => load.click() }), button({ text: "Clear", onclick: () => this.clear() }), load),
        varies && h("div", { class: "grid two" }, field("Looks", number("samples", 1, 16)), field("Seed", number("seed", 0, 4294967295))),
        button({ text: "Make pictures", symbol: "play", kind: "primary wide", onclick: () => this.run() }),
        this.status,
      ),
    );
  }

  clear() {
    const { width, height } = memory.map.size;
    memory.map = new LabelMap(width, height, this.style.labels.classes, this.style.labels.classes[0].id);
    this.show();
  }

  async load(file) {
    try {
      const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
      const canvas = h("canvas", { width: bitmap.width, height: bitmap.height });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(bitmap, 0, 0);
      const map = new LabelMap(bitmap.width, bitmap.height, this.style.labels.classes, this.style.labels.classes[0].id);
      map.take(context.getImageData(0, 0, bitmap.width, bitmap.height).data, this.style.labels.coloured);
      memory.map = map;
      this.show();
    } catch (error) {
      toast(error.message || "This file is no label map.", "error");
    }
  }

  async run() {
    const say = (text) => this.status.replaceChildren(h("div", { class: "progress-line" }, h("span", { class: "spinner", "aria-hidden": "true" }), text));
    try {
      say("Sending the map…");
      const { labels, varies } = this.style;
      const picture = await upload(await memory.map.file(labels.coloured), "map.png");
      const instances = labels.instances ? await upload(await memory.map.instanceFile(), "map_inst.png") : null;
      const samples = varies ? Math.max(1, memory.samples) : 1;
      const body = { picture: picture.id, style: memory.state, samples, seed: varies ? memory.seed : 0, ...(instances && { instances: instances.id }) };
      const task = await begin("/api/translations", body, () => say("The queue is full, waiting…"));
      const report = await follow(`/api/tasks/${task.id}`, (now) => say(now.status === "waiting" ? "Waiting…" : `${now.done} of ${now.total}`));
      if (report.status !== "done") throw new Error(report.error ?? "It was stopped.");
      memory.result = report;
      this.status.replaceChildren(h("p", { class: "hint" }, `Made in ${duration(report.seconds)}`));
      announce("The pictures are there");
      this.showLooks();
    } catch (error) {
      this.status.replaceChildren(h("p", { class: "error-text", role: "alert" }, error.message));
    }
  }

  showLooks() {
    const files = memory.result?.files ?? [];
    this.looks.replaceChildren(
      ...files.map((file, index) => {
        const source = `/api/tasks/${memory.result.id}/files/${index}`;
        return h("li", { class: "card" }, h("img", { src: `${source}/preview`, alt: `Look ${index + 1}`, width: file.width, height: file.height }), h("div", { class: "row between" }, h("span", { class: "muted" }, `Look ${index + 1}`), h("a", { class: "button", href: source, download: file.name, "aria-label": `Download look ${index + 1}` }, icon("download"))));
      }),
    );
  }
}

/** The size of pictures in training, such as 256x128; of one that is not told a square. */
function sizeOf(text) {
  const match = /(\d+)\s*[x×]\s*(\d+)/.exec(text);
  if (match) return [Number(match[1]), Number(match[2])];
  const side = Number(/\d+/.exec(text)?.[0] ?? 256);
  return [side, side];
}
