// The list of organizations as an ARIA tree. Only visible rows are elements, so a large tree costs no more
// than a small one.

import { oncePerFrame } from "/page/dom.js";
import { fold } from "/page/organizations.js";
import { makeRow } from "/page/row.js";

/** Rows drawn above and below the visible ones, so that scrolling shows no gaps. */
const MARGIN = 10;
/** The most rows at first: as many whole levels are expanded as fit. */
const FIRST_ROWS = 250;
/** Milliseconds within which typed letters form one word. */
const TYPING = 700;

/**
 * An ARIA tree over {@link Organizations}. The container keeps the focus and names its active row, because
 * rows leave the document when they scroll out of sight. Selection follows the active row.
 */
export class Tree {
  #container;
  #rows;
  #onSelect;
  #organizations = null;
  #expanded = new Uint8Array(0);
  #filter = null;
  #shown = [];
  #rowOf = new Map();
  #elements = new Map();
  #selected = -1;
  #typed = { text: "", at: -Infinity };
  #byKey = false;
  #rowHeight = 30;
  #height = 0;
  #drawSoon = oncePerFrame(() => this.#draw());

  /**
   * @param {HTMLElement} container scrolls, has the role `tree`
   * @param {HTMLElement} rows takes the height of all rows
   * @param {(node: number, byKey: boolean) => void} onSelect
   */
  constructor(container, rows, onSelect) {
    this.#container = container;
    this.#rows = rows;
    this.#onSelect = onSelect;
    container.addEventListener("keydown", (event) => this.#onKey(event));
    container.addEventListener("click", (event) => this.#onClick(event));
    container.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => this.#measure()).observe(container);
    // Paper does not scroll.
    addEventListener("beforeprint", () => this.#draw(true));
    addEventListener("afterprint", () => this.#draw());
  }

  /** Shows another tree. Organizations that it has too stay expanded and selected. */
  show(organizations) {
    const before = this.#organizations;
    const expanded = organizations.firstExpansion(FIRST_ROWS);
    if (before) {
      for (let node = 0; node < organizations.size; node += 1) {
        const old = before.byId.get(organizations.rows[node].id);
        if (old !== undefined) expanded[node] = this.#expanded[old];
      }
    }
    const selected = before?.rows[this.#selected]?.id;
    this.#organizations = organizations;
    this.#expanded = expanded;
    this.#filter = null;
    this.#selected = organizations.byId.get(selected) ?? -1;
    this.#clearRows();
    this.#layOut();
  }

  /** Shows no tree. */
  clear() {
    this.#organizations = null;
    this.#filter = null;
    this.#selected = -1;
    this.#shown = [];
    this.#clearRows();
  }

  /** Shows the matches of a search and their ancestors; `null` shows all organizations. */
  filter(found) {
    this.#filter = found && { ...found, open: new Uint8Array(this.#organizations.size).fill(1) };
    this.#clearRows();
    if (!found && this.#selected >= 0) this.#reveal(this.#selected);
    this.#layOut();
    if (found) this.#container.scrollTop = 0;
    else if (this.#selected >= 0) this.#scrollTo(this.#selected);
  }

  expandAll() {
    this.#expansion().fill(1);
    this.#layOut();
    if (this.#selected >= 0) this.#scrollTo(this.#selected);
  }

  collapseAll() {
    this.#expansion().fill(0);
    const root = this.#selected < 0 ? -1 : (this.#organizations.ancestors(this.#selected)[0] ?? this.#selected);
    this.#layOut();
    if (root >= 0) this.select(root);
  }

  /** Selects an organization and scrolls to it. */
  select(node) {
    if (this.isFilteredOut(node)) return;
    this.#reveal(node);
    if (!this.#rowOf.has(node)) this.#layOut();
    const changed = node !== this.#selected;
    this.#selected = node;
    this.#scrollTo(node);
    this.#draw();
    if (changed) this.#onSelect(node, this.#byKey);
  }

  /** Selects an organization without calling `onSelect`. */
  setSelected(node) {
    this.#reveal(node);
    this.#selected = node;
    this.#layOut();
    if (this.#rowOf.has(node)) this.#scrollTo(node);
  }

  /** Takes the focus and selects the first match, or the first row. */
  focusFirst() {
    this.#container.focus();
    const first = this.#filter ? this.#filter.matches[0] : this.#shown[0];
    if (first !== undefined && (this.#filter || this.#selected < 0)) this.select(first);
  }

  /** The selected organization, or -1. */
  get selected() {
    return this.#selected;
  }

  /** Whether the search hides this organization. */
  isFilteredOut(node) {
    return this.#filter !== null && this.#filter.keep[node] === 0;
  }

  #expansion() {
    return this.#filter?.open ?? this.#expanded;
  }

  #reveal(node) {
    for (const ancestor of this.#organizations.ancestors(node)) this.#expansion()[ancestor] = 1;
  }

  #toggle(node) {
    const open = this.#expansion();
    open[node] = open[node] === 1 ? 0 : 1;
    const hidesSelected = open[node] === 0 && this.#organizations.isAncestor(node, this.#selected);
    this.#layOut();
    if (hidesSelected) this.select(node);
  }

  /** Computes the rows and draws the visible ones. */
  #layOut() {
    this.#shown = this.#organizations?.visible(this.#expansion(), this.#filter?.keep) ?? [];
    this.#rowOf = new Map(this.#shown.map((node, row) => [node, row]));
    this.#measure();
  }

  #measure() {
    const height = Number.parseFloat(getComputedStyle(this.#container).getPropertyValue("--row-height"));
    if (height > 0) this.#rowHeight = height;
    const wasHidden = this.#height === 0;
    this.#height = this.#container.clientHeight;
    this.#rows.style.height = `${this.#shown.length * this.#rowHeight}px`;
    // A hidden tree has no height to scroll in.
    if (wasHidden && this.#height > 0 && this.#selected >= 0) this.#scrollTo(this.#selected);
    this.#draw();
  }

  #clearRows() {
    this.#elements.clear();
    this.#rows.replaceChildren();
    this.#container.removeAttribute("aria-activedescendant");
  }

  #draw(isWhole = false) {
    const { scrollTop, clientHeight } = this.#container;
    const first = isWhole ? 0 : Math.max(0, Math.floor(scrollTop / this.#rowHeight) - MARGIN);
    const end = isWhole ? Infinity : Math.ceil((scrollTop + clientHeight) / this.#rowHeight) + MARGIN;
    const last = Math.min(this.#shown.length, end);
    const nodes = this.#shown.slice(first, last);
    const active = this.#rowOf.get(this.#selected);
    // The container refers to the active row by id, also while it is out of sight.
    if (active !== undefined && (active < first || active >= last)) nodes.push(this.#selected);
    const elements = new Map(nodes.map((node) => [node, this.#elements.get(node) ?? makeRow(this.#organizations, node, this.#filter?.wanted)]));
    for (const [node, row] of elements) this.#update(node, row);
    for (const [node, row] of this.#elements) if (!elements.has(node)) row.remove();
    for (const [node, row] of elements) if (!this.#elements.has(node)) this.#rows.append(row);
    this.#elements = elements;
    if (active === undefined) this.#container.removeAttribute("aria-activedescendant");
    else this.#container.setAttribute("aria-activedescendant", `org-${this.#selected}`);
  }

  #update(node, row) {
    const organizations = this.#organizations;
    const selected = node === this.#selected;
    row.style.transform = `translateY(${this.#rowOf.get(node) * this.#rowHeight}px)`;
    row.setAttribute("aria-selected", String(selected));
    if (organizations.hasChildren(node)) row.setAttribute("aria-expanded", String(this.#expansion()[node] === 1));
    const { classList } = row;
    classList.toggle("ancestor", this.#selected >= 0 && organizations.isAncestor(node, this.#selected));
    classList.toggle("descendant", this.#selected >= 0 && organizations.isAncestor(this.#selected, node));
  }

  #scrollTo(node) {
    const top = this.#rowOf.get(node) * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#container;
    if (top < scrollTop) this.#container.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) {
      this.#container.scrollTop = top + this.#rowHeight - clientHeight;
    }
  }

  #onClick(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const node = Number(row.dataset.node);
    if (event.target.closest(".twisty")) this.#toggle(node);
    else this.select(node);
  }

  #onKey(event) {
    if (this.#shown.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.#rowOf.get(this.#selected) ?? -1;
    const node = row < 0 ? -1 : this.#selected;
    const page = Math.max(1, Math.floor(this.#container.clientHeight / this.#rowHeight) - 1);
    const action = {
      ArrowDown: () => this.#goTo(row + 1),
      ArrowUp: () => this.#goTo(row - 1),
      PageDown: () => this.#goTo(row + page),
      PageUp: () => this.#goTo(row - page),
      Home: () => this.#goTo(0),
      End: () => this.#goTo(this.#shown.length - 1),
      ArrowRight: () => this.#expandOrDescend(node, row),
      ArrowLeft: () => this.#collapseOrAscend(node),
      Enter: () => node >= 0 && this.#organizations.hasChildren(node) && this.#toggle(node),
      " ": () => node >= 0 && this.#organizations.hasChildren(node) && this.#toggle(node),
      "*": () => node >= 0 && this.#expandSiblings(node),
    }[event.key];
    const typing = event.timeStamp - this.#typed.at <= TYPING;
    this.#byKey = true;
    // A space within a typed word belongs to it.
    if (action && !(typing && event.key === " ")) action();
    else if ([...event.key].length === 1) this.#findTyped(event, typing);
    this.#byKey = false;
    if (action || [...event.key].length === 1) event.preventDefault();
  }

  #goTo(row) {
    const within = Math.min(Math.max(row, 0), this.#shown.length - 1);
    this.select(this.#shown[within]);
  }

  #expandOrDescend(node, row) {
    if (node < 0) this.#goTo(0);
    else if (!this.#organizations.hasChildren(node)) return;
    else if (this.#expansion()[node] === 0) this.#toggle(node);
    else this.#goTo(row + 1);
  }

  #collapseOrAscend(node) {
    if (node < 0) return;
    const collapsible = this.#organizations.hasChildren(node) && this.#expansion()[node] === 1;
    const parent = this.#organizations.parent[node];
    if (collapsible) this.#toggle(node);
    else if (parent >= 0) this.select(parent);
  }

  #expandSiblings(node) {
    const { parent } = this.#organizations;
    const open = this.#expansion();
    for (let other = 0; other < this.#organizations.size; other += 1) {
      if (parent[other] === parent[node]) open[other] = 1;
    }
    this.#layOut();
    this.#scrollTo(node);
  }

  /** Selects the next row whose name begins with the typed letters. */
  #findTyped(event, typing) {
    const text = (typing ? this.#typed.text : "") + fold(event.key);
    this.#typed = { text, at: event.timeStamp };
    const from = (this.#rowOf.get(this.#selected) ?? -1) + (typing ? 0 : 1);
    const size = this.#shown.length;
    for (let step = 0; step < size; step += 1) {
      const node = this.#shown[(from + step + size) % size];
      if (this.#organizations.folded[node].name.startsWith(text)) {
        this.select(node);
        return;
      }
    }
  }
}
