// The calls of the API, from its own description.

import { get } from "./api.js";
import { h } from "./dom.js";

export async function enter(main) {
  const description = await get("/api");
  const groups = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? "";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push([method, path, operation]);
    }
  }
  main.append(
    h("div", { class: "prose" },
      h("h1", {}, "API"),
      h("p", { class: "muted" }, "Everything on this page is a call that other programs can make. ", h("a", { href: "/api" }, "The OpenAPI description"), " has all details."),
      h("pre", {}, `curl -F picture=@cat.jpg ${location.origin}/api/pictures`),
      [...groups].map(([tag, calls]) => [
        h("h2", {}, tag),
        h("ul", { class: "calls card" }, calls.map(([method, path, operation]) =>
          h("li", {}, h("span", { class: `method ${method}` }, method.toUpperCase()), h("code", {}, path), h("span", { class: "muted" }, (operation.summary ?? operation.description ?? "").split("\n")[0])),
        )),
      ]),
    ),
  );
  return null;
}
