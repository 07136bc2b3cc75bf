// Making elements, and telling people what happens.

/** An element with attributes, listeners (`onclick`) and children; what is null or false is left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "value" || key === "checked" || key === "selected") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An icon of icons.svg, which screen readers skip. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** A button; with `label` alone it shows an icon, and says its name to screen readers. */
export function button({ text, symbol, label, kind = "plain", ...rest }) {
  const only = !text && symbol;
  return h(
    "button",
    { type: "button", class: `${kind}${only ? " icon-button" : ""}`, "aria-label": label, title: label, ...rest },
    symbol && icon(symbol),
    text && h("span", {}, text),
  );
}

let fields = 0;

/** A labelled control, with a word of help under it. */
export function field(label, control, help) {
  const id = control.id || `field-${++fields}`;
  control.id = id;
  const hint = help && h("small", { class: "hint", id: `${id}-hint` }, help);
  if (hint) control.setAttribute("aria-describedby", hint.id);
  return h("div", { class: "field" }, h("label", { for: id }, label), control, hint);
}

/** A choice; options are texts or [value, text]. */
export function select(options, value, onchange) {
  const node = h("select", { onchange: () => onchange?.(node.value) });
  for (const option of options) {
    const [key, text] = Array.isArray(option) ? option : [option, option];
    node.append(h("option", { value: key, selected: key === value }, text));
  }
  return node;
}

/** Says something to screen readers. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

/** Shows a message for a while; errors stay longer. */
export function toast(text, kind = "info") {
  const node = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" }, h("span", {}, text));
  node.append(button({ symbol: "close", label: "Dismiss", kind: "ghost", onclick: () => node.remove() }));
  document.getElementById("toasts").append(node);
  setTimeout(() => node.remove(), kind === "error" ? 12000 : 4000);
}

/** Seconds as people say them. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return "–";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} days`;
}

/** Bytes as people say them. */
export function bytes(count) {
  if (count < 1000) return `${count} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(0)} kB`;
  return count < 1e9 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e9).toFixed(1)} GB`;
}
