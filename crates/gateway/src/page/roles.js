// Which roles may read and write an organization: for administrators, who alone are told.

import { get } from "/page/api.js";
import { element, integer, name } from "/page/dom.js";

/** Roles that are named at once; long lists are cut, and say so. */
const NAMED = 40;
/** Pages of roles asked for at most; a hundred roles are looked at for each. */
const PAGES = 5;

/** Asks for the roles of an organization; the second part of the answer tells whether there are more. */
export async function rolesOf(org, signal) {
  const all = [];
  let next = null;
  let pages = 0;
  do {
    const query = next === null ? "" : `?${new URLSearchParams({ after: next })}`;
    const page = await get(`/v1/admin/organizations/${encodeURIComponent(org)}/roles${query}`, signal);
    all.push(...page.roles);
    next = page.next;
    pages += 1;
  } while (next !== null && pages < PAGES);
  return [all, next !== null];
}

/** Roles that may write, then those that may only read. `prefix` begins the ids of the lists. */
export function roleLists(roles, isCut, prefix = "roles") {
  const list = (id, title, chosen) => {
    const names = chosen.map((role) => role.name).sort((a, b) => a.localeCompare(b));
    const named = names.slice(0, NAMED).map((one) => element("li", {}, name(one)));
    if (names.length > NAMED) named.push(element("li.muted", {}, `and ${integer(names.length - NAMED)} more`));
    if (named.length === 0) return null;
    return element("div.labelled", {}, element("p.label", {}, title), element("ul.path.path-plain", { id: `${prefix}-${id}` }, ...named));
  };
  const shown = [
    list("writing", "Read and write", roles.filter((role) => role.readable && role.writable)),
    list("reading", "Only read", roles.filter((role) => role.readable && !role.writable)),
    // A role of the level of the client writes to `*` without reading below it.
    list("writing-only", "Only write", roles.filter((role) => !role.readable)),
    isCut ? element("p.muted", {}, "There are more roles than are shown here.") : null,
  ].filter(Boolean);
  return shown.length > 0 ? shown : [element("p.muted", {}, "No role of this client.")];
}
