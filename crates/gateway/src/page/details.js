// The panel of the selected organization.

import { post } from "/page/api.js";
import { element, formatCount, formatInteger, formatKey, name, shorten } from "/page/dom.js";
import { loadRoles, roleLists } from "/page/roles.js";

/** Flags in display order; unknown ones follow. */
const FLAGS = [
  "ready",
  "active",
  "legal_entity",
  "business_unit",
  "transactions_allowed",
  "period_control",
  "accounting",
];

/** Calls that find the nearest ancestor of a kind, and their labels. */
const NEAREST = [
  ["legal_entity", "Legal entity"],
  ["business_unit", "Business unit"],
  ["period_control_org", "Period control"],
  ["calendar_owner", "Calendar owner"],
];

/** The most organizations that a list names. */
const NAMED = 40;
/** The most ancestors that the path names. */
const PATH = 12;
/** Milliseconds from the selection to the request: arrow keys pass over many rows. */
const REST = 120;

/** The panel beside the tree. */
export class Details {
  #panel;
  #page;
  #asked = null;

  /**
   * @param {HTMLElement} panel
   * @param {{select: (node: number) => void, isAdmin: () => boolean, onError: (error: Error) => void}} page
   * `select` goes to another organization
   */
  constructor(panel, page) {
    this.#panel = panel;
    this.#page = page;
  }

  /** Shows only a hint. */
  clear() {
    this.#asked?.abort();
    const hint = "Select an organization to see its natural tree, its legal entity and what this session may do with it.";
    this.#panel.replaceChildren(element("p.empty.muted", {}, hint));
  }

  /** Shows an organization, and adds the server's answers when they arrive. */
  show(organizations, node) {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    const row = organizations.rows[node];
    const answers = element("dl.facts", { "aria-busy": "true" });
    const roles = element("div", { id: "roles", "aria-busy": "true" }, element("p", {}, "…"));
    this.#fill(answers, organizations, undefined);
    this.#panel.replaceChildren(
      this.#head(organizations, node),
      section("This session may", permissions(row)),
      section("Belongs to", answers),
      section("Natural tree", ...this.#naturalTree(organizations, node)),
      section("Flags", flags(row.flags)),
      section("Roles with access, in the database now", this.#page.isAdmin() ? roles : muted("Only administrators of the client see them.")),
    );
    setTimeout(() => {
      this.#ask(asked.signal, organizations, row.id, answers);
      if (this.#page.isAdmin()) this.#askRoles(asked.signal, row.id, roles);
    }, REST);
  }

  async #askRoles(signal, org, shown) {
    if (signal.aborted) return;
    try {
      shown.replaceChildren(...roleLists(await loadRoles(org, signal)));
    } catch (error) {
      if (signal.aborted) return;
      shown.replaceChildren(element("p.error", {}, error.message));
      this.#page.onError(error);
    }
    shown.removeAttribute("aria-busy");
  }

  async #ask(signal, organizations, org, answers) {
    if (signal.aborted) return;
    const questions = NEAREST.map(([call]) => ({ id: call, call, args: { org } }));
    try {
      const answer = await post("/v1/questions/batch", { questions }, signal);
      this.#fill(answers, organizations, new Map(answer.answers.map((one) => [one.id, one])));
    } catch (error) {
      if (signal.aborted) return;
      answers.replaceChildren(element("dd.error", {}, error.message));
      this.#page.onError(error);
    }
    answers.removeAttribute("aria-busy");
  }

  #fill(answers, organizations, known) {
    const pairs = NEAREST.flatMap(([call, title]) => {
      const answer = known?.get(call);
      let shown = "…";
      if (answer?.error) shown = element("span.error", {}, answer.error.message ?? "not answered");
      else if (known) shown = answer?.result ? this.#link(organizations, answer.result) : muted("none");
      return [element("dt", {}, title), element("dd", { "data-call": call }, shown)];
    });
    answers.replaceChildren(...pairs);
  }

  #head(organizations, node) {
    const row = organizations.rows[node];
    const facts = [`id ${row.id}`, row.search_key && row.search_key !== row.name ? `key ${row.search_key}` : "", row.type];
    return element(
      "header",
      {},
      element("h2", { id: "details-title" }, name(organizations.title(node))),
      element("p", {}, element("a", { href: `#refer/${encodeURIComponent(row.id)}`, id: "refer-link" }, "May a record here refer to …?")),
      element("p.muted.identity", {}, ...facts.filter(Boolean).map((fact) => name(fact))),
    );
  }

  #naturalTree(organizations, node) {
    const ancestors = organizations.ancestors(node);
    const below = organizations.end[node] - node - 1;
    const listed = (other) =>
      typeof other === "string" ? element("li.muted", {}, other) : element("li", {}, this.#linkTo(organizations, other));
    const children = [];
    let more = 0;
    for (let child = node + 1; child < organizations.end[node]; child = organizations.end[child]) {
      if (children.length < NAMED) children.push(listed(child));
      else more += 1;
    }
    if (more > 0) children.push(element("li.muted", {}, `and ${formatInteger(more)} more`));
    return [
      element(
        "p",
        { id: "natural-tree-count" },
        formatCount(ancestors.length, "ancestor"),
        ", itself, ",
        formatCount(below, "descendant"),
      ),
      labelled("Ancestors", element("ol.path", { id: "ancestors" }, ...shorten(ancestors, PATH).map(listed))),
      labelled("Children", element("ul.path.path-plain", {}, ...children)),
    ].filter(Boolean);
  }

  #link(organizations, id) {
    const node = organizations.byId.get(id);
    return node === undefined ? name(id) : this.#linkTo(organizations, node);
  }

  #linkTo(organizations, node) {
    const go = () => this.#page.select(node);
    const title = organizations.title(node);
    return element("button.link", { type: "button", dir: "auto", title, onclick: go }, title);
  }
}

function permissions(row) {
  return element(
    "ul.marks",
    { id: "permissions" },
    mark(row.readable, "read it", "not read it"),
    mark(row.writable, "write to it", "not write to it"),
  );
}

function flags(set) {
  const all = [...FLAGS, ...set.filter((flag) => !FLAGS.includes(flag))];
  return element("ul.marks", { id: "flags" }, ...all.map((flag) => mark(set.includes(flag), formatKey(flag), `not ${formatKey(flag)}`)));
}

/** A yes or a no, by sign and words, not by colour alone. */
function mark(yes, whenYes, whenNo) {
  return element(yes ? "li.yes" : "li.no", {}, yes ? whenYes : whenNo);
}

function section(title, ...children) {
  return element("section", {}, element("h3", {}, title), ...children);
}

function labelled(label, list) {
  return list.childElementCount === 0 ? null : element("div.labelled", {}, element("h4", {}, label), list);
}

const muted = (text) => element("span.muted", {}, text);
