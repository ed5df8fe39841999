// One row of the tree.

import { element, integer, name } from "/page/dom.js";

/** Levels that are indented in a wide and in a narrow panel; the style sheet has the same numbers. */
const DEEPEST = 16;
const DEEPEST_NARROW = 6;

/**
 * A new row for an organization, as it is whatever is selected or expanded.
 *
 * @param {object} organizations
 * @param {number} node
 * @param {string} wanted what was searched for, to be marked in the name
 */
export function makeRow(organizations, node, wanted = "") {
  const row = organizations.rows[node];
  const title = organizations.title(node);
  const level = organizations.level[node];
  const made = element(
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
    element("span.depth", { "aria-hidden": "true", title: `level ${level}` }, integer(level)),
    name(marked(title, organizations.folded[node].name, wanted), { class: "row-name", title }),
    row.flags.includes("legal_entity") ? element("span.tag", {}, "legal entity") : null,
    row.flags.includes("ready") ? null : element("span.tag.tag-weak", {}, "not ready"),
    mayNot(row),
  );
  made.classList.toggle("unreadable", !row.readable);
  made.style.setProperty("--level", String(level - 1));
  // Indentation ends somewhere, or a chain would leave the screen: deeper rows tell their level.
  made.classList.toggle("deep", level - 1 > DEEPEST);
  made.classList.toggle("deep-narrow", level - 1 > DEEPEST_NARROW);
  return made;
}

function marked(title, folded, wanted) {
  const at = wanted === "" ? -1 : folded.indexOf(wanted);
  // Where accents were taken off, positions differ: then the row alone shows that it was found.
  if (at < 0 || folded.length !== title.length) return title;
  const end = at + wanted.length;
  return element("span", {}, title.slice(0, at), element("mark", {}, title.slice(at, end)), title.slice(end));
}

/** What the session may not do here; of what it may do, nothing is said. */
function mayNot({ readable, writable }) {
  if (readable && writable) return null;
  const what = readable ? "read only" : writable ? "write only" : "no access";
  return element(readable ? "span.may" : "span.may.may-not", {}, what);
}
