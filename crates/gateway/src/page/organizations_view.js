// The view of the tree: a picture, a searchable list and the panel of the selected organization.

import { Details } from "/page/details.js";
import { byId, element, formatCount, formatInteger, name } from "/page/dom.js";
import { Icicle } from "/page/icicle.js";
import { Organizations } from "/page/organizations.js";
import { Tree } from "/page/tree.js";

/** Keeps the picture, the list and the panel at the same selected organization. */
export class OrganizationsView {
  #page;
  #tree = new Tree(byId("tree"), byId("tree-rows"), (node) => this.#onSelect(node));
  #icicle = new Icicle(byId("icicle"), { select: (node) => this.#reveal(node), pointed: (node) => this.#showPointed(node) });
  #details;
  #search = byId("search");
  #organizations = new Organizations([]);

  /**
   * @param {{isAdmin: () => boolean, onSelect: (node: number) => void, onError: (error: Error) => void}} page
   *   `onSelect` is called when the user selects another organization
   */
  constructor(page) {
    this.#page = page;
    const { isAdmin, onError } = page;
    this.#details = new Details(byId("details"), { select: (node) => this.#reveal(node), isAdmin, onError });
    this.#search.addEventListener("input", () => this.#find());
    this.#search.addEventListener("keydown", (event) => this.#onSearchKey(event));
    byId("expand-all").addEventListener("click", () => this.#tree.expandAll());
    byId("collapse-all").addEventListener("click", () => this.#tree.collapseAll());
    byId("zoom-in").addEventListener("click", () => this.#zoom(this.#tree.selected));
    byId("zoom-out").addEventListener("click", () => this.#zoom(-1));
  }

  clear() {
    this.#organizations = new Organizations([]);
    this.#tree.clear();
    this.#details.clear();
    this.#icicle.show(null);
    this.#search.value = "";
    for (const id of ["tree-count", "tree-empty"]) byId(id).textContent = "";
  }

  /** Shows another tree. If it does not have the selected organization, its organization `own` is selected. */
  show(organizations, own) {
    this.#organizations = organizations;
    this.#tree.show(organizations);
    this.#find();
    const node = organizations.byId.get(own);
    if (this.#tree.selected < 0 && node !== undefined) this.#tree.setSelected(node);
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
    this.#showZoom();
  }

  /** Shows the organization that the address names, or the one selected before. */
  open(id) {
    const node = this.#organizations.byId.get(id);
    const { selected } = this.#tree;
    if (node !== undefined && node !== selected) this.#reveal(node);
    else if (selected >= 0) this.#details.show(this.#organizations, selected);
    else this.#details.clear();
  }

  /** The name of the selected organization, if there is one. */
  get title() {
    return this.#tree.selected < 0 ? undefined : this.#organizations.title(this.#tree.selected);
  }

  #onSelect(node) {
    this.#icicle.select(node);
    this.#showZoom();
    this.#details.show(this.#organizations, node);
    this.#page.onSelect(node);
  }

  /** Selects an organization even if the search hides it. */
  #reveal(node) {
    if (this.#tree.isFilteredOut(node)) {
      this.#search.value = "";
      this.#find();
    }
    this.#tree.select(node);
  }

  #find() {
    const text = this.#search.value.trim();
    const found = text === "" ? null : this.#organizations.search(text);
    this.#tree.filter(found);
    const all = formatInteger(this.#organizations.size);
    byId("tree-count").textContent = found ? `${formatInteger(found.matches.length)} of ${all} found` : `${all} in this tree`;
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
      this.#find();
    }
  }

  /** Names the organization under the pointer, or says what the pointer is for. */
  #showPointed(node) {
    const shown = byId("picture-pointed");
    if (node < 0) {
      shown.textContent =
        "Point at an organization to highlight its natural tree: itself, all above it and all below it. Click to select.";
      return;
    }
    const organizations = this.#organizations;
    const entity = this.#icicle.entityOf(node);
    const entityFact = entity < 0 ? ["no legal entity"] : ["legal entity ", name(organizations.title(entity))];
    const accessFact = organizations.rows[node].readable ? null : " · this session may not read it";
    shown.replaceChildren(name(organizations.title(node)), element("span.muted", {}, " · ", ...entityFact, accessFact));
  }

  #zoom(node) {
    this.#icicle.zoom(node);
    this.#showZoom();
  }

  #showZoom() {
    const { selected } = this.#tree;
    byId("zoom-out").disabled = !this.#icicle.isZoomed;
    byId("zoom-in").disabled = selected < 0 || !this.#organizations.hasChildren(selected);
  }
}
