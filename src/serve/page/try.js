// Try: pictures through a style, the result beside the original.

import { ApiError, begin, follow, remove, styles, upload } from "./api.js";
import { compare } from "./compare.js";
import { announce, button, bytes, duration, field, h, icon, select } from "./dom.js";
import { intake } from "./intake.js";
import { noStyles, stylePicker } from "./style_picker.js";

/** What outlives a change of the view. */
const memory = { items: [], selected: null, style: null, state: null, size: "short:512", seed: 0, samples: 1, direction: null, format: "same" };

/** The shorter side at most, for a first look. */
const QUICK_SIDE = 512;
const QUICK = `short:${QUICK_SIDE}`;

const SIZES = [
  [QUICK, "Quick: 512 pixels"],
  ["training", "As in training"],
  ["keep", "Full size"],
  ["custom", "Other…"],
];

export async function enter(main) {
  const all = (await styles(true)).filter((style) => !style.fills && !style.labels);
  if (!all.length) {
    main.append(noStyles("that translates pictures", "translate demo\ntranslate serve --checkpoints demo"));
    return null;
  }
  const view = new TryView(main, all);
  return { leave: () => view.leave() };
}

class TryView {
  constructor(main, all) {
    this.styles = all;
    this.intake = intake({
      title: "Drop a photo here",
      hint: "or paste one, choose some, or take one. Nothing leaves this machine.",
      onfiles: (files) => this.add(files),
    });
    this.stage = h("section", { class: "stage card", "aria-label": "Picture" });
    this.strip = h("ul", { class: "strip", "aria-label": "Pictures" });
    this.options = h("div", { class: "options" });
    const chosen = all.find((style) => style.name === memory.style) ?? preferred(all);
    const picker = stylePicker(all, chosen.name, (style, state) => {
      this.setStyle(style, state);
      this.run(memory.selected);
    });
    this.setStyle(picker.first, picker.first.name);
    main.append(
      h(
        "div",
        { class: "split" },
        h("div", { class: "main-column" }, this.stage, this.strip),
        h("aside", { class: "side card", "aria-label": "Choices" }, picker.node, this.options),
      ),
    );
    this.show();
  }

  leave() {
    this.intake.leave();
  }

  setStyle(style, state) {
    this.style = style;
    memory.style = style.name;
    memory.state = state;
    if (!style.directions.includes(memory.direction)) memory.direction = style.directions[0];
    this.showOptions();
  }

  showOptions() {
    const { style } = this;
    const custom = h("input", { type: "text", value: memory.custom ?? "640x", spellcheck: "false", oninput: () => (memory.custom = custom.value) });
    const customField = field("Size", custom, "256, 640x480, 640x, x480 or short:480");
    customField.hidden = memory.size !== "custom";
    const size = select(SIZES, memory.size, (value) => {
      memory.size = value;
      customField.hidden = value !== "custom";
    });
    const canVary = style.varies || style.dropout;
    const number = (key, min, max) => {
      const input = h("input", { type: "number", min, max, value: memory[key], oninput: () => (memory[key] = Number(input.value) || 0) });
      return input;
    };
    const directions = style.directions.map((name) => [name, name === "AtoB" ? "A → B" : "B → A"]);
    const formats = [["same", "As the original"], ["png", "PNG"], ["jpg", "JPEG"], ["webp", "WebP"], ["tiff", "TIFF"]];
    this.options.replaceChildren(
      h("div", { class: "grid" },
        field("Size", size),
        field("Save as", select(formats, memory.format, (value) => (memory.format = value))),
        directions.length > 1 && field("Direction", select(directions, memory.direction, (value) => (memory.direction = value))),
        canVary && field("Variations", number("samples", 1, 16)),
        canVary && field("Seed", number("seed", 0, 4294967295)),
      ),
      customField,
      h("div", { class: "stack" },
        button({ text: "Translate", symbol: "play", kind: "primary wide", onclick: () => this.run(memory.selected) }),
        button({ text: "Translate all", onclick: () => this.runAll(), kind: "plain wide all", hidden: memory.items.length < 2 }),
      ),
    );
  }

  choices({ width, height }) {
    const { style } = this;
    const canVary = style.varies || style.dropout;
    const samples = canVary ? Math.min(16, Math.max(1, memory.samples)) : 1;
    const isSmall = memory.size === QUICK && Math.min(width, height) <= QUICK_SIDE;
    return {
      style: memory.state ?? style.name,
      direction: memory.direction,
      size: memory.size === "custom" ? memory.custom ?? "640x" : isSmall ? "keep" : memory.size,
      format: memory.format,
      samples,
      seed: canVary ? memory.seed : 0,
      dropout: style.dropout && samples > 1,
    };
  }

  async add(files) {
    const items = files.map((file) => ({ file, name: file.name || "pasted.png", state: "sending", share: 0, result: null, sample: 0 }));
    memory.items.push(...items);
    memory.selected = items[0];
    this.show();
    this.showOptions();
    for (const item of items) {
      try {
        item.picture = await upload(item.file, item.name, (share) => {
          item.share = share;
          this.update(item);
        });
        item.state = "ready";
        item.file = null;
        this.update(item);
        this.run(item);
      } catch (error) {
        this.fail(item, error);
      }
    }
  }

  fail(item, error) {
    item.state = "failed";
    item.error = error.message;
    if (error instanceof ApiError && error.status === 404) item.error = "The server has forgotten this picture: drop it again.";
    this.update(item);
    announce(`${item.name}: ${item.error}`);
  }

  runAll() {
    for (const item of memory.items) this.run(item);
  }

  async run(item) {
    if (!item?.picture || item.state === "running" || item.state === "waiting") return;
    item.state = "waiting";
    item.place = null;
    item.error = null;
    this.update(item);
    const body = { picture: item.picture.id, ...this.choices(item.picture) };
    try {
      const task = await begin("/api/translations", body, () => this.update(item));
      item.task = task.id;
      const report = await follow(`/api/tasks/${task.id}`, (now) => {
        item.state = now.status === "waiting" ? "waiting" : "running";
        item.place = now.place;
        item.share = now.total ? now.done / now.total : 0;
        this.update(item);
      });
      if (report.status === "stopped") {
        item.state = item.result ? "done" : "ready";
      } else if (report.status === "failed") {
        throw new Error(report.error);
      } else {
        item.result = report;
        item.sample = 0;
        item.state = "done";
        item.style = body.style;
        announce(`${item.name} is translated`);
      }
      this.update(item);
    } catch (error) {
      this.fail(item, error);
    }
  }

  async cancel(item) {
    try {
      await remove(`/api/tasks/${item.task}`);
    } catch {
      // It was over already.
    }
    item.state = item.result ? "done" : "ready";
    this.update(item);
  }

  discard(item) {
    memory.items = memory.items.filter((one) => one !== item);
    if (item.picture) remove(`/api/pictures/${item.picture.id}`).catch(() => {});
    if (memory.selected === item) memory.selected = memory.items[0] ?? null;
    this.show();
    this.showOptions();
  }

  update(item) {
    if (!this.stage.isConnected) return;
    this.showStrip();
    if (item === memory.selected) this.showStage();
  }

  show() {
    this.showStage();
    this.showStrip();
  }

  showStage() {
    const item = memory.selected;
    if (!item) {
      this.stage.replaceChildren(this.intake.node);
      return;
    }
    const busy = ["sending", "waiting", "running"].includes(item.state);
    const key = `${item.picture?.id}/${item.result?.id}/${item.sample}`;
    if (this.shownKey !== key || !this.stage.contains(this.viewer)) {
      this.viewer = this.viewerOf(item);
      this.bar = h("div", { class: "stage-bar" });
      this.stage.replaceChildren(this.viewer, this.bar, this.intake.node.querySelector("input[multiple]") ?? "");
      this.shownKey = key;
    }
    this.viewer.classList.toggle("busy", busy);
    this.bar.replaceChildren(...this.barOf(item, busy));
  }

  viewerOf(item) {
    if (!item.picture) return h("div", { class: "placeholder" }, icon("picture"));
    const original = `/api/pictures/${item.picture.id}/preview`;
    if (!item.result) {
      const { width, height } = item.picture;
      return h("div", { class: "single" }, h("img", { src: original, alt: item.name, width, height }));
    }
    const file = item.result.files[item.sample];
    return compare(original, `/api/tasks/${item.result.id}/files/${item.sample}/preview`, [file.width, file.height], { afterText: item.style });
  }

  barOf(item, busy) {
    const parts = [];
    if (busy) {
      const text =
        item.state === "sending" ? "Sending…" : item.state === "waiting" ? (item.place > 0 ? `${item.place} before this one` : "Waiting…") : "Translating…";
      parts.push(h("div", { class: "progress-line", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), h("span", {}, text)));
      if (item.task && item.state !== "sending") parts.push(button({ text: "Cancel", kind: "ghost", onclick: () => this.cancel(item) }));
    } else if (item.state === "failed") {
      parts.push(h("p", { class: "error-text", role: "alert" }, item.error));
    } else if (item.result) {
      const file = item.result.files[item.sample];
      parts.push(h("div", { class: "facts" }, h("span", {}, `${file.width} × ${file.height}`), h("span", {}, bytes(file.bytes)), h("span", {}, duration(item.result.seconds))));
    } else if (item.picture) {
      parts.push(h("div", { class: "facts" }, h("span", {}, `${item.picture.width} × ${item.picture.height}`), h("span", {}, bytes(item.picture.bytes))));
    }
    if (item.result && !busy) {
      const { files, id, notes } = item.result;
      if (files.length > 1) {
        parts.push(
          h("div", { class: "samples", role: "group", "aria-label": "Variations" },
            files.map((file, index) =>
              button({ text: `${index + 1}`, kind: index === item.sample ? "chip on" : "chip", label: `Variation ${index + 1}`, "aria-pressed": index === item.sample ? "true" : "false", onclick: () => { item.sample = index; this.update(item); } }),
            ),
          ),
        );
      }
      parts.push(h("span", { class: "grow" }));
      parts.push(h("a", { class: "button", href: `/api/tasks/${id}/files/${item.sample}`, download: files[item.sample].name }, icon("download"), h("span", {}, "Download")));
      if (notes.length) parts.push(h("p", { class: "hint full" }, notes.join("; ")));
    } else {
      parts.push(h("span", { class: "grow" }));
    }
    return parts;
  }

  showStrip() {
    if (!memory.items.length) {
      this.strip.replaceChildren();
      return;
    }
    const entries = memory.items.map((item) => {
      const face = item.result
        ? h("img", { src: `/api/tasks/${item.result.id}/files/0/preview`, alt: "", loading: "lazy" })
        : item.picture
          ? h("img", { src: `/api/pictures/${item.picture.id}/preview`, alt: "", loading: "lazy" })
          : icon("picture");
      const select = h(
        "button",
        { type: "button", class: "thumb", "aria-pressed": item === memory.selected ? "true" : "false", "aria-label": `${item.name}, ${stateText(item)}`, onclick: () => { memory.selected = item; this.show(); } },
        face,
        ["sending", "waiting", "running"].includes(item.state) && h("span", { class: "spinner", "aria-hidden": "true" }),
        item.state === "failed" && h("span", { class: "badge", "aria-hidden": "true" }, "!"),
      );
      return h("li", {}, select, button({ symbol: "close", label: `Remove ${item.name}`, kind: "remove", onclick: () => this.discard(item) }));
    });
    entries.push(h("li", {}, h("button", { type: "button", class: "thumb add", "aria-label": "Add pictures", onclick: () => this.intake.choose() }, icon("plus"))));
    this.strip.replaceChildren(...entries);
  }
}

function stateText(item) {
  return { sending: "is being sent", ready: "not translated", waiting: "waits", running: "is being translated", done: "translated", failed: "failed" }[item.state];
}

/** A style whose training is over, before others. */
function preferred(all) {
  return all.find((style) => style.finished) ?? all[0];
}

