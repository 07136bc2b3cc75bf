// Choosing a style.

import { field, h, select } from "./dom.js";

const MODES = {
  pix2pix: "pairs",
  cycle: "unpaired",
  contrastive: "unpaired",
  pix2pixhd: "high resolution",
  inpaint: "fills holes",
};

/** A list of cards, one of which is chosen; `onchange` gets the style and the name of its state. */
export function stylePicker(styles, chosen, onchange) {
  const node = h("fieldset", { class: "styles" }, h("legend", {}, "Style"));
  const states = h("div", {});
  let style = styles.find((one) => one.name === chosen) ?? styles[0];
  const showStates = () => {
    states.replaceChildren();
    if (!style?.states.length) return;
    const options = [[style.name, "Latest"], ...style.states.map((name) => [name, stateText(name)])];
    states.append(field("State", select(options, style.name, (name) => onchange(style, name))));
  };
  for (const one of styles) {
    const input = h("input", {
      type: "radio",
      name: "style",
      value: one.name,
      checked: one === style,
      onchange: () => {
        style = one;
        showStates();
        onchange(one, one.name);
      },
    });
    const details = `${MODES[one.mode] ?? one.mode} · ${one.size}${one.finished ? "" : " · in training"}`;
    node.append(
      h(
        "label",
        { class: "style-card" },
        input,
        h("span", { class: "swatch", "aria-hidden": "true", "data-hue": hue(one.name) }, one.name.slice(0, 1).toUpperCase()),
        h("span", { class: "style-text" }, h("strong", {}, one.name), h("small", {}, details)),
      ),
    );
  }
  for (const swatch of node.querySelectorAll(".swatch")) swatch.style.setProperty("--hue", swatch.dataset.hue);
  showStates();
  return { node: h("div", {}, node, states), first: style };
}

function stateText(name) {
  return name.endsWith("/best") ? "Best evaluation" : `After step ${name.split("@")[1]}`;
}

/** The same hue for the same name. */
function hue(name) {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  return hash;
}

/** What is said where there is no style for a view. */
export function noStyles(what, command) {
  return h(
    "div",
    { class: "empty card" },
    h("h2", {}, `No style ${what} yet`),
    h("p", {}, "Train one in ", h("a", { href: "#/training" }, "Training"), ", or in a terminal:"),
    h("pre", {}, command),
  );
}
