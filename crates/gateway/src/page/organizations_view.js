// The view of the tree: a picture, a searchable list and the panel of the selected organization.

import { Details } from "/page/details.js";
import { byId, element, formatCount, formatInteger, name, shorten } from "/page/dom.js";
import { Icicle } from "/page/icicle.js";
import { Organizations } from "/page/organizations.js";
import { Tree } from "/page/tree.js";

/** The most organizations of the path to the enlarged one. */
const TRAIL = 4;

/** Keeps the picture, the list and the panel at the same selected organization. */
export class OrganizationsView {
  #page;
  #tree = new Tree(byId("tree"), byId("tree-rows"), (node, byKey) => this.#onSelect(node, byKey));
  #icicle = new Icicle(byId("icicle"), {
    select: (node) => this.#reveal(node),
    zoom: (node) => this.#onZoom(node),
    pointed: (node, x, y) => this.#showPointed(node, x, y),
  });
  #details;
  #search = byId("search");
  #organizations = new Organizations([]);

  /**
   * @param {{
   *   isAdmin: () => boolean, onChange: (isStep: boolean) => void, onError: (error: Error) => void,
   * }} page `onChange` is called when the user selects, searches or enlarges
   */
  constructor(page) {
    this.#page = page;
    const { isAdmin, onError } = page;
    this.#details = new Details(byId("details"), { select: (node) => this.#reveal(node), isAdmin, onError });
    this.#search.addEventListener("input", () => this.#onSearch());
    this.#search.addEventListener("keydown", (event) => this.#onSearchKey(event));
    byId("expand-all").addEventListener("click", () => this.#tree.expandAll());
    byId("collapse-all").addEventListener("click", () => this.#tree.collapseAll());
    byId("zoom-in").addEventListener("click", () => this.#onZoom(this.#tree.selected));
  }

  clear() {
    this.#organizations = new Organizations([]);
    this.#tree.clear();
    this.#details.clear();
    this.#icicle.show(null);
    this.#search.value = "";
    for (const id of ["tree-count", "tree-empty"]) byId(id).textContent = "";
  }

  /** Shows another tree. If it lacks the selected organization, the session's, `own`, is selected. */
  show(organizations, own) {
    this.#organizations = organizations;
    this.#tree.show(organizations);
    this.#find();
    if (this.#tree.selected < 0 && organizations.size > 0) this.#tree.setSelected(organizations.byId.get(own) ?? 0);
    this.#icicle.show(organizations);
    this.#icicle.select(this.#tree.selected);
    const levels = organizations.level.reduce((most, level) => Math.max(most, level), 0);
    const facts = [
      formatCount(organizations.size, "organization"),
      formatCount(levels, "level"),
      formatCount(this.#icicle.entities, "legal entity", "legal entities"),
    ];
    const label = `Picture of the tree: ${facts.join(", ")}. The list beside it has the same organizations.`;
    byId("icicle").setAttribute("aria-label", label);
    this.#showPointed(-1);
  }

  /** Shows what the address names, or what was shown before. */
  open([id], choices) {
    const { byId: nodes } = this.#organizations;
    if (id !== undefined || !choices.isEmpty) {
      this.#search.value = choices.text("search");
      this.#find();
      this.#zoom(nodes.get(choices.accept("zoom", (zoomed) => nodes.has(zoomed))) ?? -1);
      if (nodes.has(id)) this.#tree.setSelected(nodes.get(id));
      else if (id) choices.refuse("organization", id);
    }
    this.#showSelected();
  }

  /** What `open` needs to show this again. */
  get place() {
    const idOf = (node) => this.#organizations.rows[node]?.id;
    const search = this.#search.value.trim();
    return [[idOf(this.#tree.selected) ?? ""], { search, zoom: idOf(this.#icicle.zoomed) }];
  }

  /** The name of the selected organization, if there is one. */
  get title() {
    return this.#tree.selected < 0 ? undefined : this.#organizations.title(this.#tree.selected);
  }

  #onSelect(node, byKey) {
    this.#showSelected();
    // The Back button does not go through each row that the arrow keys passed.
    this.#page.onChange(!byKey);
  }

  #showSelected() {
    const { selected } = this.#tree;
    this.#icicle.select(selected);
    this.#showZoom();
    if (selected >= 0) this.#details.show(this.#organizations, selected);
    else this.#details.clear();
  }

  /** Selects an organization even if the search hides it. */
  #reveal(node) {
    if (this.#tree.isFilteredOut(node)) {
      this.#search.value = "";
      this.#find();
    }
    this.#tree.select(node);
  }

  #onSearch() {
    this.#find();
    this.#page.onChange(false);
  }

  #find() {
    const text = this.#search.value.trim();
    const found = text === "" ? null : this.#organizations.search(text);
    this.#tree.filter(found);
    this.#icicle.mark(found);
    const all = formatInteger(this.#organizations.size);
    const count = found ? `${formatInteger(found.matches.length)} of ${all} found` : `${all} in this tree`;
    // If the ERP does not answer in time, the server sends ids for names.
    const isNameless = this.#organizations.size > 0 && this.#organizations.rows.every((row) => row.name === row.id);
    byId("tree-count").textContent = isNameless ? `${count}. Their names could not be read: reload the page.` : count;
    byId("tree-empty").hidden = found ? found.matches.length > 0 : this.#organizations.size > 0;
    byId("tree-empty").textContent = found
      ? `No organization has “${text}” in its name, search key or id. Clear the search to see all.`
      : "This client has no organization tree. Add one in the ERP, then refresh.";
  }

  #onSearchKey(event) {
    if (event.key === "ArrowDown" || event.key === "Enter") {
      event.preventDefault();
      this.#tree.focusFirst();
    } else if (event.key === "Escape" && this.#search.value !== "") {
      event.preventDefault();
      this.#search.value = "";
      this.#onSearch();
    }
  }

  /** Describes the organization under the pointer, beside the pointer. */
  #showPointed(node, x = 0, y = 0) {
    const shown = byId("picture-pointed");
    shown.hidden = node < 0;
    if (node < 0) return;
    if (shown.dataset.node !== String(node)) {
      const organizations = this.#organizations;
      const entity = this.#icicle.entityOf(node);
      const below = organizations.end[node] - node - 1;
      shown.dataset.node = node;
      const facts = [
        element("strong", {}, name(organizations.title(node))),
        element("span.muted", {}, ...(entity < 0 ? ["no legal entity"] : ["legal entity ", name(organizations.titleOf(organizations.rows[entity].id))])),
        element("span.muted", {}, `level ${formatInteger(organizations.level[node])}, ${formatInteger(below)} below`),
        organizations.rows[node].readable ? null : element("span", {}, "this session may not read it"),
      ];
      shown.replaceChildren(...facts.filter(Boolean));
    }
    const { clientWidth, clientHeight } = byId("icicle");
    const left = Math.max(Math.min(x + 14, clientWidth - shown.offsetWidth - 4), 4);
    const top = y + 18 + shown.offsetHeight > clientHeight ? y - shown.offsetHeight - 10 : y + 18;
    shown.style.translate = `${left}px ${Math.max(top, 4)}px`;
  }

  #onZoom(node) {
    const hadFocus = document.activeElement?.closest(".picture-tools");
    this.#zoom(node);
    // The button that had the focus is another one now, or disabled.
    if (hadFocus) byId("trail").querySelector("[aria-current]").focus();
    this.#page.onChange(true);
  }

  #zoom(node) {
    this.#icicle.zoom(node);
    this.#showZoom();
  }

  /** Shows the path to the enlarged organization, each of which enlarges its own part. */
  #showZoom() {
    const organizations = this.#organizations;
    const { zoomed } = this.#icicle;
    const { selected } = this.#tree;
    const step = (node, title, id) =>
      typeof node === "string"
        ? element("li.muted", {}, node)
        : element(
            "li",
            {},
            element(
              "button.link",
              { type: "button", id, dir: "auto", "aria-current": node === zoomed && "true", onclick: () => this.#onZoom(node) },
              title ?? organizations.title(node),
            ),
          );
    const path = zoomed < 0 ? [] : [...organizations.ancestors(zoomed).filter((node) => organizations.parent[node] >= 0), zoomed];
    byId("trail").replaceChildren(step(-1, "Whole tree", "zoom-out"), ...shorten(path, TRAIL).map((node) => step(node)));
    byId("zoom-in").disabled = selected < 0 || selected === zoomed || !organizations.hasChildren(selected);
  }
}
