// May a record of one organization refer to a record of another, and why.

import { post } from "/page/api.js";
import { Chooser } from "/page/chooser.js";
import { element, integer, name } from "/page/dom.js";
import { roleLists, rolesOf } from "/page/roles.js";

/** Organizations of a path that are shown; of a longer one, its ends. */
const SHOWN = 12;

/** What the steps of a way are. */
const PARTS = { from: "has the record", to: "is referred to", both: "both", meets: "above both", above: "", below: "" };

/** The view that compares two organizations. */
export class Refer {
  #page;
  #from;
  #to;
  #answer = element("div", { id: "refer-answer", role: "status" });
  #who = element("div.pair");
  #organizations = null;
  #asked = null;
  /** The level at which the shown way is nearest to the root. */
  #top = 0;

  /**
   * @param {HTMLElement} content
   * @param {{isAdmin: () => boolean, select: (node: number) => void, onError: (error: Error) => void}} page
   */
  constructor(content, page) {
    this.#page = page;
    this.#from = new Chooser("refer-from", "A record of", () => this.#chosen());
    this.#to = new Chooser("refer-to", "refers to a record of", () => this.#chosen());
    const swap = element("button", { type: "button", id: "refer-swap", onclick: () => this.#swap() }, "Swap");
    content.append(element("div.choosers", {}, this.#from.element, this.#to.element, swap), element("div.refer-body", {}, this.#answer, this.#who));
    this.#ask();
  }

  clear() {
    this.#asked?.abort();
    this.#organizations = null;
    this.#from.show(null);
    this.#to.show(null);
    this.#answer.replaceChildren();
    this.#who.replaceChildren();
  }

  /** Takes up a tree. */
  show(organizations) {
    this.#organizations = organizations;
    this.#from.show(organizations);
    this.#to.show(organizations);
  }

  /** Comes on show with the organizations that the address names, and else with those chosen before. */
  open(from, to) {
    if (this.#organizations.byId.has(from)) this.#from.set(this.#organizations.byId.get(from));
    if (this.#organizations.byId.has(to)) this.#to.set(this.#organizations.byId.get(to));
    this.#ask();
  }

  focus() {
    (this.#from.node < 0 ? this.#from : this.#to).focus();
  }

  #swap() {
    const [from, to] = [this.#from.node, this.#to.node];
    this.#from.set(to);
    this.#to.set(from);
    this.#chosen();
  }

  #chosen() {
    const ids = [this.#from.node, this.#to.node].map((node) => encodeURIComponent(this.#organizations.rows[node]?.id ?? ""));
    history.replaceState(null, "", `#refer/${ids.join("/")}`);
    this.#ask();
  }

  async #ask() {
    this.#asked?.abort();
    const [from, to] = [this.#from.node, this.#to.node];
    const organizations = this.#organizations;
    if (!organizations || from < 0 || to < 0) {
      const hint =
        "Choose two organizations. A record may refer to records of its own organization, of those above it and of those below it: its natural tree.";
      this.#answer.replaceChildren(element("p.muted.hint", {}, hint));
      this.#who.replaceChildren();
      return;
    }
    const asked = new AbortController();
    this.#asked = asked;
    const [org1, org2] = [from, to].map((node) => organizations.rows[node].id);
    try {
      const { answers } = await post(
        "/v1/questions/batch",
        { questions: [{ call: "is_in_natural_tree", args: { org1, org2 } }] },
        asked.signal,
      );
      if (answers[0].error) this.#answer.replaceChildren(element("p.error", {}, answers[0].error.message));
      else this.#answer.replaceChildren(...this.#verdict(answers[0].result === true, from, to));
      this.#who.replaceChildren(this.#whoSees(from, "from", asked.signal), this.#whoSees(to, "to", asked.signal));
    } catch (error) {
      if (!asked.signal.aborted) this.#page.onError(error);
    }
  }

  #verdict(yes, from, to) {
    const [above, below] = this.#paths(from, to);
    const [a, b] = [from, to].map((node) => name(this.#organizations.title(node)));
    const sentence = element(
      "p.verdict-sentence",
      {},
      ...(yes ? ["A record of ", a, " may refer to a record of ", b, "."] : ["A record of ", a, " may not refer to a record of ", b, "."]),
    );
    return [
      element(`p.verdict.${yes ? "verdict-yes" : "verdict-no"}`, { id: "verdict" }, yes ? "Yes" : "No"),
      sentence,
      element("p", { id: "refer-why" }, ...this.#why(from, to, above.at(-1))),
      element("div", { id: "refer-path", class: "way" }, this.#way(above, below, to)),
    ];
  }

  /** The organizations from the first up to the common ancestor, and from below that down to the second. */
  #paths(from, to) {
    const organizations = this.#organizations;
    const ofFrom = [...organizations.ancestors(from), from];
    const ofTo = [...organizations.ancestors(to), to];
    let common = 0;
    while (common < ofFrom.length && common < ofTo.length && ofFrom[common] === ofTo[common]) common += 1;
    return [ofFrom.slice(Math.max(common - 1, 0)).reverse(), ofTo.slice(common)];
  }

  #why(from, to, common) {
    const organizations = this.#organizations;
    const called = (node) => name(organizations.title(node));
    const levels = (count) => `${integer(count)} level${count === 1 ? "" : "s"}`;
    const apart = Math.abs(organizations.level[from] - organizations.level[to]);
    if (from === to) return ["Both are the same organization."];
    if (organizations.isAncestor(from, to)) return [called(to), ` is below `, called(from), `, by ${levels(apart)}: it is in its natural tree.`];
    if (organizations.isAncestor(to, from)) return [called(to), ` is above `, called(from), `, by ${levels(apart)}: it is in its natural tree.`];
    if (!organizations.isAncestor(common, to) && common !== to) return ["They are in different trees: nothing is above both of them."];
    return ["Neither is above the other. They meet at ", called(common), ", and from there the way goes down another branch."];
  }

  #way(above, below, to) {
    const common = above.at(-1);
    this.#top = this.#organizations.level[common];
    const up = cut(above.slice(0, -1)).map((node) => this.#step(node, node === above[0] ? "from" : "above"));
    const meets = this.#step(common, common === above[0] ? (common === to ? "both" : "from") : common === to ? "to" : "meets");
    const down = cut(below).map((node) => this.#step(node, node === to ? "to" : "below"));
    const steps = [...up, meets, ...down];
    // What stands for others is as far in as the step before it.
    steps.forEach((step, at) => {
      if (step.matches(".step-more")) step.style.setProperty("--depth", steps[at - 1].style.getPropertyValue("--depth"));
    });
    return element("ol.steps", { "aria-label": "The way through the tree" }, ...steps);
  }

  #step(node, part) {
    if (typeof node === "string") return element("li.muted.step-more", {}, node);
    const title = this.#organizations.title(node);
    const go = () => this.#page.select(node);
    const level = this.#organizations.level[node];
    const made = element(
      `li.step-${part}`,
      {},
      element("button.link", { type: "button", onclick: go }, name(title)),
      element("span.note", {}, [PARTS[part], `level ${integer(level)}`].filter(Boolean).join(", ")),
    );
    made.style.setProperty("--depth", String(level - this.#top));
    return made;
  }

  /** Who can see an organization: what this session may, and for administrators the roles. */
  #whoSees(node, place, signal) {
    const row = this.#organizations.rows[node];
    const own = row.readable ? (row.writable ? "This session may read it and write to it." : "This session may read it, and not write to it.") : row.writable ? "This session may write to it, and not read it." : "This session may not read it.";
    const roles = element("div", {}, element("p.muted", {}, this.#page.isAdmin() ? "…" : "Administrators of the client see here which roles may read it."));
    if (this.#page.isAdmin()) this.#askRoles(row.id, place, roles, signal);
    return element("section.panel.who-sees", {}, element("h2", {}, "Who can see ", name(this.#organizations.title(node)), "?"), element("p", {}, own), roles);
  }

  async #askRoles(org, place, shown, signal) {
    try {
      const [roles, isCut] = await rolesOf(org, signal);
      shown.replaceChildren(...roleLists(roles, isCut, `refer-${place}`));
    } catch (error) {
      if (signal.aborted) return;
      shown.replaceChildren(element("p.error", {}, error.message));
      this.#page.onError(error);
    }
  }
}

/** A path; of a long one, its ends and how many are between them. */
function cut(path) {
  if (path.length <= SHOWN) return path;
  const left = path.length - SHOWN;
  return [...path.slice(0, SHOWN / 2), `${integer(left)} more`, ...path.slice(-SHOWN / 2)];
}
