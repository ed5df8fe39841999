// A field in which an organization is chosen by its name, search key or id.

import { element, name } from "/page/dom.js";

/** Suggestions shown at once. */
const SHOWN = 8;

/** An ARIA combobox with a list of suggestions. */
export class Chooser {
  #field;
  #list;
  #hint;
  #onChoose;
  #organizations = null;
  #matches = [];
  #active = -1;
  #node = -1;

  /**
   * @param {string} id
   * @param {string} label
   * @param {(node: number) => void} onChoose gets -1 for no choice
   */
  constructor(id, label, onChoose) {
    this.#onChoose = onChoose;
    this.#list = element("ul.suggestions", { id: `${id}-list`, role: "listbox", "aria-label": label, hidden: true });
    this.#hint = element("p.hidden", { role: "status" });
    this.#field = element("input", {
      id,
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": `${id}-list`,
      dir: "auto",
      autocomplete: "off",
      spellcheck: "false",
      placeholder: "Name, search key or id",
      oninput: () => this.#search(),
      onkeydown: (event) => this.#key(event),
      onblur: () => this.#close(),
      onfocus: (event) => event.target.select(),
    });
    // The field keeps the focus while the pointer chooses.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.#choose(Number(option.dataset.node));
    });
    this.element = element("div.chooser", {}, element("label", { for: id }, label), this.#field, this.#list, this.#hint);
  }

  /** Shows another tree. The choice stays if that tree has it. */
  show(organizations) {
    const id = this.#organizations?.rows[this.#node]?.id;
    this.#organizations = organizations;
    this.set(organizations?.byId.get(id) ?? -1);
  }

  /** Sets the choice without calling `onChoose`. */
  set(node) {
    this.#node = node;
    this.#field.value = node < 0 ? "" : this.#organizations.title(node);
    this.#close();
  }

  get node() {
    return this.#node;
  }

  #search() {
    if (this.#node >= 0) {
      this.#node = -1;
      this.#onChoose(-1);
    }
    const text = this.#field.value.trim();
    if (text === "" || !this.#organizations) {
      this.#close();
      return;
    }
    const { matches } = this.#organizations.search(text);
    this.#matches = matches.slice(0, SHOWN);
    this.#active = this.#matches.length > 0 ? 0 : -1;
    this.#list.replaceChildren(...this.#matches.map((node, at) => this.#option(node, at)));
    this.#list.hidden = this.#matches.length === 0;
    this.#field.setAttribute("aria-expanded", String(this.#matches.length > 0));
    const more = matches.length > SHOWN ? `, the first ${SHOWN} shown` : "";
    this.#hint.textContent = matches.length === 0 ? "No organization has this text in its name, search key or id." : `${matches.length} found${more}`;
    this.#hint.classList.toggle("hidden", matches.length > 0);
    this.#mark();
  }

  #option(node, at) {
    const organizations = this.#organizations;
    const above = organizations.parent[node];
    return element(
      "li",
      { id: `${this.#field.id}-${at}`, role: "option", "data-node": node },
      name(organizations.title(node)),
      above < 0 ? null : element("span.note", {}, "in ", name(organizations.title(above))),
    );
  }

  #mark() {
    [...this.#list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.#active)));
    if (this.#active < 0) this.#field.removeAttribute("aria-activedescendant");
    else this.#field.setAttribute("aria-activedescendant", `${this.#field.id}-${this.#active}`);
    this.#list.children[this.#active]?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const size = this.#matches.length;
    if (event.key === "Escape") this.set(this.#node);
    else if (size === 0 || this.#list.hidden) return;
    else if (event.key === "ArrowDown") this.#active = (this.#active + 1) % size;
    else if (event.key === "ArrowUp") this.#active = (this.#active + size - 1) % size;
    else if (event.key === "Enter") this.#choose(this.#matches[this.#active]);
    else return;
    this.#mark();
    event.preventDefault();
  }

  #choose(node) {
    this.set(node);
    this.#onChoose(node);
  }

  #close() {
    this.#list.hidden = true;
    this.#matches = [];
    this.#active = -1;
    this.#field.setAttribute("aria-expanded", "false");
    this.#field.removeAttribute("aria-activedescendant");
    this.#hint.textContent = "";
    this.#hint.classList.add("hidden");
  }
}
