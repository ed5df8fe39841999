// Which roles may read and write an organization. Only administrators may ask.

import { get } from "/page/api.js";
import { element, formatCount, formatInteger, name } from "/page/dom.js";

/** The most roles that a list names. */
const NAMED = 40;
/** The most pages of roles that are requested; the server examines a hundred roles for each. */
const PAGES = 5;

/** Loads the roles of an organization, and whether there are more, or some that cannot be read. */
export async function loadRoles(org, signal) {
  const roles = [];
  let damaged = 0;
  let next = null;
  let pages = 0;
  do {
    const query = next === null ? "" : `?${new URLSearchParams({ after: next })}`;
    const page = await get(`/v1/admin/organizations/${encodeURIComponent(org)}/roles${query}`, signal);
    roles.push(...page.roles);
    damaged += page.damaged.length;
    next = page.next;
    pages += 1;
  } while (next !== null && pages < PAGES);
  return { roles, damaged, isCut: next !== null };
}

/** Roles that may write, then those that may only read. `prefix` begins the ids of the lists. */
export function roleLists({ roles, damaged, isCut }, prefix = "roles") {
  const list = (id, title, chosen) => {
    const names = chosen.map((role) => role.name).sort((a, b) => a.localeCompare(b));
    const named = names.slice(0, NAMED).map((one) => element("li", {}, name(one)));
    if (names.length > NAMED) named.push(element("li.muted", {}, `and ${formatInteger(names.length - NAMED)} more`));
    if (named.length === 0) return null;
    return element("div.labelled", {}, element("p.label", {}, title), element("ul.path.path-plain", { id: `${prefix}-${id}` }, ...named));
  };
  const shown = [
    list("writing", "Read and write", roles.filter((role) => role.readable && role.writable)),
    list("reading", "Only read", roles.filter((role) => role.readable && !role.writable)),
    list("writing-only", "Only write", roles.filter((role) => !role.readable)),
    isCut ? element("p.muted", {}, "This client has more roles than are shown here.") : null,
    damaged > 0 ? element("p.muted", {}, `${formatCount(damaged, "role")} with damaged rows: no user can sign in with them.`) : null,
  ].filter(Boolean);
  return shown.length > 0 ? shown : [element("p.muted", {}, "No role of this client.")];
}
