// The view that answers whether a record of one organization may refer to a record of another, and why.

import { post } from "/page/api.js";
import { Chooser } from "/page/chooser.js";
import { element, formatCount, formatInteger, name, shorten } from "/page/dom.js";
import { loadRoles, roleLists } from "/page/roles.js";

/** The most organizations of a path that are shown. */
const SHOWN = 12;

/** The labels of the steps of a path. */
const PARTS = { from: "has the record", to: "is referred to", both: "both", meets: "nearest common ancestor", above: "", below: "" };

/** The view that compares two organizations. */
export class Refer {
  #page;
  #from;
  #to;
  #answer = element("div", { id: "refer-answer", role: "status" });
  #who = element("div.pair");
  #organizations = null;
  #asked = null;
  /** The level of the topmost organization of the path. */
  #top = 0;

  /**
   * @param {HTMLElement} content
   * @param {{
   *   isAdmin: () => boolean, select: (node: number) => void, onChange: (isStep: boolean) => void,
   *   onError: (error: Error) => void,
   * }} page
   */
  constructor(content, page) {
    this.#page = page;
    this.#from = new Chooser("refer-from", "A record of", () => this.#onChosen());
    this.#to = new Chooser("refer-to", "refers to a record of", () => this.#onChosen());
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

  /** Shows another tree. The first question is about the session's organization `own`. */
  show(organizations, own) {
    this.#organizations = organizations;
    this.#from.show(organizations);
    this.#to.show(organizations);
    if (this.#from.node < 0 && this.#to.node < 0) this.#from.set(organizations.byId.get(own) ?? -1);
  }

  /** Shows the organizations that the address names, or those chosen before. */
  open(ids, choices) {
    const { byId } = this.#organizations;
    if (ids.length > 0) {
      [this.#from, this.#to].forEach((chooser, at) => {
        const id = ids[at] ?? "";
        chooser.set(byId.get(id) ?? -1);
        if (id !== "" && !byId.has(id)) choices.refuse("organization", id);
      });
    }
    this.#ask();
  }

  /** What `open` needs to show this again. */
  get place() {
    return [[this.#from, this.#to].map((chooser) => this.#organizations.rows[chooser.node]?.id ?? ""), {}];
  }

  #swap() {
    const [from, to] = [this.#from.node, this.#to.node];
    this.#from.set(to);
    this.#to.set(from);
    this.#onChosen();
  }

  #onChosen() {
    this.#ask();
    // While a choice is being replaced, there is none for a moment: no step of its own.
    this.#page.onChange(this.#from.node >= 0 && this.#to.node >= 0);
  }

  async #ask() {
    this.#asked?.abort();
    const asked = new AbortController();
    this.#asked = asked;
    this.#answer.removeAttribute("aria-busy");
    const [from, to] = [this.#from.node, this.#to.node];
    const organizations = this.#organizations;
    if (!organizations || from < 0 || to < 0) {
      const missing = from < 0 && to < 0 ? "two organizations" : "the other organization";
      const hint = `Choose ${missing}. A record may refer to records of its own organization, of those above it and of those below it: its natural tree.`;
      this.#answer.replaceChildren(element("p.muted.hint", {}, hint));
      const chosen = Math.max(from, to);
      this.#who.replaceChildren(...(organizations && chosen >= 0 ? [this.#whoSees(chosen, "one", asked.signal)] : []));
      return;
    }
    const [org1, org2] = [from, to].map((node) => organizations.rows[node].id);
    this.#answer.setAttribute("aria-busy", "true");
    if (!this.#answer.querySelector("#verdict")) this.#answer.replaceChildren(element("p.loading", {}, "Loading …"));
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
      if (asked.signal.aborted) return;
      // The answer to the question before must not stand below this one.
      this.#answer.replaceChildren(element("p.error", {}, error.message));
      this.#who.replaceChildren();
      this.#page.onError(error);
    }
    this.#answer.removeAttribute("aria-busy");
  }

  #verdict(yes, from, to) {
    const [above, below] = this.#paths(from, to);
    const [a, b] = [from, to].map((node) => name(this.#organizations.title(node)));
    const sentence = element("p.lead", {}, "A record of ", a, yes ? " may" : " may not", " refer to a record of ", b, ".");
    return [
      element(
        `div.panel.answer.${yes ? "answer-yes" : "answer-no"}`,
        {},
        element("p.verdict", { id: "verdict" }, yes ? "Yes" : "No"),
        sentence,
        element("p.muted", { id: "refer-why" }, ...this.#why(from, to, above.at(-1))),
      ),
      element("div", { id: "refer-path" }, this.#way(above, below, to)),
    ];
  }

  /** The path from the first organization up to the common ancestor, and from there down to the second. */
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
    const apart = formatCount(Math.abs(organizations.level[from] - organizations.level[to]), "level");
    if (from === to) return ["Both are the same organization."];
    if (organizations.isAncestor(from, to)) return [called(to), ` is ${apart} below `, called(from), ": descendants are in the natural tree."];
    if (organizations.isAncestor(to, from)) return [called(to), ` is ${apart} above `, called(from), ": ancestors are in the natural tree."];
    if (!organizations.isAncestor(common, to) && common !== to) return ["They have no common ancestor: they are in different trees."];
    return ["Neither is above the other. Their nearest common ancestor is ", called(common), "."];
  }

  #way(above, below, to) {
    const common = above.at(-1);
    this.#top = this.#organizations.level[common];
    const up = shorten(above.slice(0, -1), SHOWN).map((node) => this.#step(node, node === above[0] ? "from" : "above"));
    const meets = this.#step(common, common === above[0] ? (common === to ? "both" : "from") : common === to ? "to" : "meets");
    const down = shorten(below, SHOWN).map((node) => this.#step(node, node === to ? "to" : "below"));
    const steps = [...up, meets, ...down];
    // The step that stands for others is indented as the one before it.
    steps.forEach((step, at) => {
      if (step.matches(".step-more")) step.style.setProperty("--depth", steps[at - 1].style.getPropertyValue("--depth"));
    });
    return element("ol.steps", { "aria-label": "Path through the tree" }, ...steps);
  }

  #step(node, part) {
    if (typeof node === "string") return element("li.muted.step-more", {}, node);
    const title = this.#organizations.title(node);
    const go = () => this.#page.select(node);
    const level = this.#organizations.level[node];
    const created = element(
      `li.step-${part}`,
      {},
      element("button.link", { type: "button", dir: "auto", onclick: go }, title),
      element("span.note", {}, [PARTS[part], `level ${formatInteger(level)}`].filter(Boolean).join(", ")),
    );
    created.style.setProperty("--depth", String(level - this.#top));
    return created;
  }

  /** What this session may do with an organization and, for administrators, which roles may read it. */
  #whoSees(node, place, signal) {
    const row = this.#organizations.rows[node];
    const own = row.readable ? (row.writable ? "This session may read it and write to it." : "This session may read it, and not write to it.") : row.writable ? "This session may write to it, and not read it." : "This session may not read it.";
    const roles = element("div", {}, element("p.muted", {}, this.#page.isAdmin() ? "…" : "Only administrators of the client see which roles may read it."));
    if (this.#page.isAdmin()) this.#askRoles(row.id, place, roles, signal);
    return element("section.panel.who-sees", {}, element("h2", {}, "Who can see ", name(this.#organizations.title(node)), "?"), element("p", {}, own), roles);
  }

  async #askRoles(org, place, shown, signal) {
    try {
      shown.replaceChildren(...roleLists(await loadRoles(org, signal), `refer-${place}`));
    } catch (error) {
      if (signal.aborted) return;
      shown.replaceChildren(element("p.error", {}, error.message));
      this.#page.onError(error);
    }
  }
}
