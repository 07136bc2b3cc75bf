// Choosing a folder below a root.

import { get } from "./api.js";
import { button, h, icon, select, toast } from "./dom.js";

/** A folder of the server; `place()` gives it. With `free`, a folder that does not exist yet can be named. */
export function folderPicker(roots, { label, free = false, onchange } = {}) {
  const state = { root: roots[0], path: "" };
  const list = h("ul", { class: "folders", "aria-label": label });
  const trail = h("div", { class: "trail" });
  const count = h("span", { class: "muted" });
  const name = h("input", { type: "text", placeholder: "New folder in it", "aria-label": `${label}: new folder`, spellcheck: "false" });
  const node = h(
    "div",
    { class: "folder-picker" },
    h("div", { class: "row" }, roots.length > 1 && withLabel(select(roots, state.root, (root) => open(root, "")), `${label}: root`), trail),
    list,
    h("div", { class: "row" }, count, free && name),
  );
  async function open(root, path) {
    try {
      const folder = await get(`/api/folders?root=${encodeURIComponent(root)}&path=${encodeURIComponent(path)}`);
      Object.assign(state, { root, path });
      const parts = path.split("/").filter(Boolean);
      trail.replaceChildren(
        button({ text: root, kind: "ghost", onclick: () => open(root, "") }),
        ...parts.flatMap((part, index) => ["/", button({ text: part, kind: "ghost", onclick: () => open(root, parts.slice(0, index + 1).join("/")) })]),
      );
      list.replaceChildren(
        ...folder.folders.map((inner) =>
          h("li", {}, h("button", { type: "button", class: "ghost", onclick: () => open(root, [...parts, inner].join("/")) }, icon("folder"), inner)),
        ),
      );
      list.hidden = !folder.folders.length;
      count.textContent = `${folder.pictures.toLocaleString("en")} pictures here`;
      onchange?.(place());
    } catch (error) {
      toast(error.message, "error");
    }
  }
  function place() {
    const added = free ? name.value.trim().replace(/^\/+|\/+$/g, "") : "";
    return { root: state.root, path: [state.path, added].filter(Boolean).join("/") };
  }
  open(state.root, "");
  return { node, place, name };
}

function withLabel(node, label) {
  node.setAttribute("aria-label", label);
  return node;
}
