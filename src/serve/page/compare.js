// Two pictures in one place, with a slider between them.

import { h } from "./dom.js";

/** A comparison: by mouse, touch, and the arrow keys. */
export function compare(before, after, size, { beforeText = "Original", afterText = "Result" } = {}) {
  const handle = h("div", {
    class: "compare-handle",
    role: "slider",
    tabindex: "0",
    "aria-label": `Share of the picture that shows the ${beforeText.toLowerCase()}`,
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  });
  const image = (source, text) =>
    h("img", { src: source, alt: text, draggable: "false", width: size[0], height: size[1], decoding: "async" });
  const node = h(
    "div",
    { class: "compare" },
    image(after, afterText),
    h("div", { class: "compare-before" }, image(before, beforeText)),
    h("span", { class: "compare-tag left", "aria-hidden": "true" }, beforeText),
    h("span", { class: "compare-tag right", "aria-hidden": "true" }, afterText),
    handle,
  );
  node.style.setProperty("--ratio", `${size[0] / size[1]}`);
  let share = 50;
  const set = (value) => {
    share = Math.min(100, Math.max(0, value));
    node.style.setProperty("--cut", `${share}%`);
    handle.setAttribute("aria-valuenow", Math.round(share));
    handle.setAttribute("aria-valuetext", `${Math.round(share)} percent ${beforeText.toLowerCase()}`);
  };
  const toPointer = (event) => {
    const box = node.getBoundingClientRect();
    set(((event.clientX - box.left) / box.width) * 100);
  };
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    node.setPointerCapture(event.pointerId);
    toPointer(event);
    handle.focus({ preventScroll: true });
    event.preventDefault();
  });
  node.addEventListener("pointermove", (event) => {
    if (node.hasPointerCapture(event.pointerId)) toPointer(event);
  });
  handle.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 2;
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step, PageDown: -20, PageUp: 20 };
    if (event.key in moves) set(share + moves[event.key]);
    else if (event.key === "Home") set(0);
    else if (event.key === "End") set(100);
    else return;
    event.preventDefault();
  });
  set(50);
  return node;
}
