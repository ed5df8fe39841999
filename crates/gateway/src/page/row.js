// One row of the list of organizations.

import { element, formatInteger, name } from "/page/dom.js";

/** The deepest indented levels in a wide and in a narrow panel. style.css has the same numbers. */
const DEEPEST = 10;
const DEEPEST_NARROW = 6;

/**
 * A new row for an organization, without its state: selected, expanded.
 *
 * @param {object} organizations
 * @param {number} node
 * @param {string} wanted the searched text, which is marked in the name
 */
export function makeRow(organizations, node, wanted = "") {
  const row = organizations.rows[node];
  const title = organizations.title(node);
  const level = organizations.level[node];
  const created = element(
    "div.row",
    {
      id: `org-${node}`,
      role: "treeitem",
      "data-id": row.id,
      "data-node": node,
      "aria-level": level,
      "aria-setsize": organizations.siblings[node],
      "aria-posinset": organizations.position[node],
    },
    element(organizations.hasChildren(node) ? "span.twisty" : "span.leaf", { "aria-hidden": "true" }),
    element("span.depth", { "aria-hidden": "true", title: `level ${level}` }, formatInteger(level)),
    name(marked(title, organizations.folded[node].name, wanted), { class: "row-name", title }),
    row.flags.includes("legal_entity") ? element("span.tag", {}, "legal entity") : null,
    row.flags.includes("ready") ? null : element("span.tag.tag-weak", {}, "not ready"),
    mayNot(row),
  );
  created.classList.toggle("unreadable", !row.readable);
  created.style.setProperty("--level", String(level - 1));
  // Indentation is limited, or a chain would leave the screen. Deeper rows show the number of their level.
  created.classList.toggle("deep", level - 1 > DEEPEST);
  created.classList.toggle("deep-narrow", level - 1 > DEEPEST_NARROW);
  return created;
}

function marked(title, folded, wanted) {
  const at = wanted === "" ? -1 : folded.indexOf(wanted);
  // Folding may change positions: then nothing is marked.
  if (at < 0 || folded.length !== title.length) return title;
  const end = at + wanted.length;
  return element("span", {}, title.slice(0, at), element("mark", {}, title.slice(at, end)), title.slice(end));
}

/** What the session may not do with the organization. */
function mayNot({ readable, writable }) {
  if (readable && writable) return null;
  const what = readable ? "read only" : writable ? "write only" : "no access";
  return element(readable ? "span.may" : "span.may.may-not", {}, what);
}
