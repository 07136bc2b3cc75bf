// Fill: paint a hole into a photo, and let a style fill it.

import { begin, follow, styles, upload } from "./api.js";
import { compare } from "./compare.js";
import { announce, button, bytes, duration, field, h, icon, toast } from "./dom.js";
import { intake } from "./intake.js";
import { Mask } from "./mask.js";
import { noStyles, stylePicker } from "./style_picker.js";
import { Viewport } from "./viewport.js";

const TOOLS = [
  ["brush", "Brush", "b"],
  ["eraser", "Eraser", "e"],
  ["lasso", "Lasso", "l"],
  ["hand", "Move the picture", "h"],
];

/** What outlives a change of the view. */
const memory = { picture: null, image: null, mask: null, result: null, style: null, state: null, tool: "brush", size: 6, feather: null, dilate: 0 };

export async function enter(main) {
  const all = (await styles(true)).filter((style) => style.fills);
  if (!all.length) {
    main.append(noStyles("that fills holes", "translate train --config inpaint-free --data photos --name fill"));
    return null;
  }
  const view = new FillView(main, all);
  return { leave: () => view.leave() };
}

class FillView {
  constructor(main, all) {
    this.intake = intake({
      title: "Drop a photo with something that should go",
      hint: "Paint over it, and it is filled from what is around it. The rest stays as it is.",
      multiple: false,
      onfiles: ([file]) => this.load(file),
    });
    const chosen = all.find((style) => style.name === memory.style) ?? all.find((style) => style.finished) ?? all[0];
    const picker = stylePicker(all, chosen.name, (style, state) => {
      memory.style = style.name;
      memory.state = state;
      this.style = style;
      this.showFeather?.();
    });
    this.style = picker.first;
    memory.style = picker.first.name;
    memory.state ??= picker.first.name;
    this.stage = h("section", { class: "stage editor card", "aria-label": "Photo" });
    this.side = h("aside", { class: "side card", "aria-label": "Choices" });
    this.picker = picker.node;
    main.append(h("div", { class: "split" }, this.stage, this.side));
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.show();
  }

  leave() {
    this.intake.leave();
    this.viewport?.leave();
    document.removeEventListener("keydown", this.keys);
  }

  async load(file) {
    try {
      this.stage.replaceChildren(h("div", { class: "placeholder" }, h("span", { class: "spinner" })));
      await this.use(await upload(file, file.name || "pasted.png"));
    } catch (error) {
      toast(error.message, "error");
      this.show();
    }
  }

  async use(picture) {
    const image = await loadImage(`/api/pictures/${picture.id}/preview`);
    Object.assign(memory, { picture, image, result: null, mask: new Mask(picture.width, picture.height) });
    this.show();
  }

  show() {
    this.viewport?.leave();
    this.viewport = null;
    if (!memory.picture) this.stage.replaceChildren(this.intake.node);
    else if (memory.result) this.showResult();
    else this.showEditor();
    this.showSide();
  }

  showEditor() {
    const { picture, mask } = memory;
    const radius = () => (memory.size / 200) * Math.min(picture.width, picture.height);
    this.viewport = new Viewport(picture.width, picture.height, "Photo: arrow keys move the brush, the space bar puts it down and lifts it", {
      draw: (context, scale) => {
        context.drawImage(memory.image, 0, 0, picture.width, picture.height);
        mask.draw(context, scale);
      },
      begin: (point) => mask.begin(memory.tool, radius(), point),
      move: (point) => mask.move(point),
      end: () => {
        mask.end();
        this.showState();
      },
      cancel: () => mask.cancel(),
      radius: () => (memory.tool === "lasso" ? 0 : radius()),
      pans: () => memory.tool === "hand",
    });
    this.toolbar = h("div", { class: "toolbar", role: "toolbar", "aria-label": "Tools" });
    this.stage.replaceChildren(this.toolbar, this.viewport.node);
    this.showTools();
  }

  showTools() {
    const { mask } = memory;
    const act = (work) => () => {
      work();
      this.viewport.repaint();
      this.showState();
    };
    const tools = TOOLS.map(([name, label, key]) =>
      button({ symbol: name, label: `${label} (${key.toUpperCase()})`, "aria-pressed": memory.tool === name ? "true" : "false", "data-tool": name, onclick: () => this.setTool(name) }),
    );
    const size = h("input", {
      type: "range", min: "1", max: "50", value: memory.size, "aria-label": "Size of the brush",
      oninput: () => { memory.size = Number(size.value); this.viewport.repaint(); },
    });
    this.sizeInput = size;
    this.undoButton = button({ symbol: "undo", label: "Undo (Ctrl+Z)", onclick: act(() => mask.undo()) });
    this.redoButton = button({ symbol: "redo", label: "Redo (Ctrl+Shift+Z)", onclick: act(() => mask.redo()) });
    this.toolbar.replaceChildren(
      h("div", { class: "tool-group" }, tools),
      h("label", { class: "tool-size" }, h("span", { "aria-hidden": "true", class: "dot small" }), size, h("span", { "aria-hidden": "true", class: "dot" })),
      h("div", { class: "tool-group" }, this.undoButton, this.redoButton),
      h("div", { class: "tool-group" },
        button({ symbol: "minus", label: "Zoom out (-)", onclick: () => this.viewport.zoom(0.7) }),
        button({ symbol: "fit", label: "Show all (0)", onclick: () => this.viewport.fit() }),
        button({ symbol: "plus", label: "Zoom in (+)", onclick: () => this.viewport.zoom(1.4) }),
      ),
    );
    this.showState();
  }

  showState() {
    const { mask } = memory;
    if (this.undoButton) this.undoButton.disabled = !mask.strokes.length;
    if (this.redoButton) this.redoButton.disabled = !mask.undone.length;
    if (this.fillButton) this.fillButton.disabled = Boolean(this.busy) || mask.isEmpty;
  }

  setTool(name) {
    memory.tool = name;
    for (const node of this.toolbar.querySelectorAll("[data-tool]")) node.setAttribute("aria-pressed", node.dataset.tool === name ? "true" : "false");
    this.viewport.canvas.style.cursor = name === "hand" ? "grab" : "none";
    this.viewport.repaint();
  }

  key(event) {
    if (!this.viewport || event.target.closest?.("input:not([type=range]), select, textarea, dialog")) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
      if (key === "y" || event.shiftKey) memory.mask.redo();
      else memory.mask.undo();
      this.viewport.repaint();
      this.showState();
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tool = TOOLS.find(([, , shortcut]) => shortcut === key);
    if (tool) this.setTool(tool[0]);
    else if (key === "[" || key === "]") {
      memory.size = Math.min(50, Math.max(1, memory.size + (key === "]" ? 1 : -1)));
      this.sizeInput.value = memory.size;
      this.viewport.repaint();
    } else if (key === "+" || key === "=") this.viewport.zoom(1.4);
    else if (key === "-") this.viewport.zoom(0.7);
    else if (key === "0") this.viewport.fit();
  }

  showSide() {
    const { picture, result } = memory;
    const range = (key, max, label, help) => {
      const output = h("output");
      const input = h("input", { type: "range", min: "0", max, oninput: () => { memory[key] = Number(input.value); show(); } });
      const show = () => {
        input.value = memory[key] ?? this.style[key];
        output.textContent = `${input.value} px`;
      };
      show();
      const node = field(label, input, help);
      node.querySelector("label").append(" ", output);
      return { node, show };
    };
    const feather = range("feather", "64", "Feather", "Blends what is filled in into what is around it");
    this.showFeather = feather.show;
    this.fillButton = button({ text: "Fill", symbol: "bucket", kind: "primary wide", onclick: () => this.fill() });
    const maskInput = h("input", { type: "file", accept: "image/*,.tif,.tiff,.pgm,.pbm", class: "hidden-text", tabindex: "-1", "aria-label": "Mask", onchange: () => this.loadMask(maskInput.files[0]) });
    this.status = h("div", { role: "status" });
    this.side.replaceChildren(
      this.picker,
      picture && !result && h("div", { class: "options" },
        feather.node,
        range("dilate", "64", "Grow the hole", "Before it is filled").node,
        h("div", { class: "row wrap" },
          button({ text: "Load a mask", symbol: "upload", onclick: () => maskInput.click() }),
          button({ text: "Invert", onclick: () => this.change(() => memory.mask.invert()) }),
          button({ text: "Clear", onclick: () => this.change(() => memory.mask.clear()) }),
          maskInput,
        ),
        this.fillButton,
        this.status,
        h("p", { class: "hint" }, "Space bar paints where the arrow keys lead; the wheel or two fingers zoom."),
      ) || "",
      picture ? button({ text: "Another photo", onclick: () => this.reset() }) : "",
    );
    if (picture && !result) this.showState();
  }

  change(work) {
    work();
    this.viewport.repaint();
    this.showState();
  }

  reset() {
    Object.assign(memory, { picture: null, image: null, mask: null, result: null });
    this.show();
  }

  async loadMask(file) {
    if (!file) return;
    try {
      const picture = await upload(file, file.name);
      const { width, height } = memory.picture;
      if (picture.width !== width || picture.height !== height) {
        throw new Error(`The mask has ${picture.width} × ${picture.height} pixels, the photo ${width} × ${height}.`);
      }
      const image = await loadImage(`/api/pictures/${picture.id}/preview`);
      this.change(() => memory.mask.load(image, picture.id));
    } catch (error) {
      toast(error.message, "error");
    }
  }

  async fill() {
    const { picture, mask } = memory;
    this.busy = true;
    this.showState();
    const say = (text) => this.status.replaceChildren(h("div", { class: "progress-line" }, h("span", { class: "spinner", "aria-hidden": "true" }), text));
    try {
      say("Sending the mask…");
      const id = mask.loaded ?? (await upload(await mask.file(), "mask.png")).id;
      const body = { picture: picture.id, mask: id, style: memory.state ?? memory.style, feather: memory.feather ?? undefined, dilate: memory.dilate };
      const task = await begin("/api/fills", body, () => say("The queue is full, waiting…"));
      const report = await follow(`/api/tasks/${task.id}`, (now) => say(now.status === "waiting" ? (now.place > 0 ? `${now.place} before this one` : "Waiting…") : "Filling…"));
      if (report.status !== "done") throw new Error(report.error ?? "It was stopped.");
      memory.result = report;
      announce("The hole is filled");
      this.busy = false;
      if (this.stage.isConnected) this.show();
    } catch (error) {
      this.status.replaceChildren(h("p", { class: "error-text", role: "alert" }, error.message));
    }
    this.busy = false;
    if (memory.mask) this.showState();
  }

  showResult() {
    const { picture, result } = memory;
    const file = result.files[0];
    const source = `/api/tasks/${result.id}/files/0`;
    this.stage.replaceChildren(
      compare(`/api/pictures/${picture.id}/preview`, `${source}/preview`, [file.width, file.height], { afterText: "Filled" }),
      h("div", { class: "stage-bar" },
        h("div", { class: "facts" }, h("span", {}, `${file.width} × ${file.height}`), h("span", {}, bytes(file.bytes)), h("span", {}, duration(result.seconds))),
        h("span", { class: "grow" }),
        button({ text: "Change the mask", symbol: "brush", onclick: () => { memory.result = null; this.show(); } }),
        button({ text: "Go on from here", onclick: () => this.goOn(source, file.name) }),
        h("a", { class: "button primary", href: source, download: file.name }, icon("download"), h("span", {}, "Download")),
        result.notes.length > 0 && h("p", { class: "hint full" }, result.notes.join("; ")),
      ),
    );
  }

  /** The result becomes the photo. */
  async goOn(source, name) {
    try {
      const response = await fetch(source);
      if (!response.ok) throw new Error("The server has forgotten this result.");
      await this.use(await upload(await response.blob(), name));
    } catch (error) {
      toast(error.message, "error");
    }
  }
}

function loadImage(source) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("The picture cannot be shown."));
    image.src = source;
  });
}
