// The view of sessions and the trees that they pin, for administrators.

import { get, getInBackground, remove } from "/page/api.js";
import { bytesElement, element, formatCount, formatDuration, formatInteger, isolate, name, replaceQuietly, table, timeElement, treeState } from "/page/dom.js";
import { timeline } from "/page/timeline.js";

/** Sessions of one request. */
const PAGE = 100;
/** The most sessions that the server returns at once. */
const LONGEST_PAGE = 1000;
/** Milliseconds from the last typed letter to the request. */
const REST = 250;

const COLUMNS = [
  { title: "User, role" },
  { title: "Organization, client" },
  { title: "Address" },
  { title: "Signed in", number: true },
  { title: "Last used", number: true },
  { title: "Ends", number: true },
  { title: "Tree" },
  { title: "" },
];

const TREE_COLUMNS = [
  { title: "Tree" },
  { title: "Client" },
  { title: "Organizations", number: true },
  { title: "Bytes", number: true },
  { title: "Sessions", number: true },
  { title: "State" },
];

/** The view of all sessions that this administrator may see. */
export class Sessions {
  #content = element("div.flow");
  #search = element("input", { type: "search", id: "sessions-search", placeholder: "User, role, organization or address", autocomplete: "off", spellcheck: "false" });
  #page;
  #loaded = [];
  #next = null;
  #trees = [];
  #round = 0;
  #rest = 0;

  /**
   * @param {HTMLElement} content
   * @param {{
   *   session: () => object, organizations: () => object, client: () => string | null,
   *   confirm: Function, announce: Function, warn: Function, onChange: (isStep: boolean) => void,
   *   onError: Function,
   * }} page
   */
  constructor(content, page) {
    this.#page = page;
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.load(), REST);
      page.onChange(false);
    });
    const tools = element("div.controls", {}, element("label.control.control-wide", { for: "sessions-search" }, "Search sessions", this.#search));
    content.append(tools, this.#content);
  }

  clear() {
    this.#round += 1;
    this.#loaded = [];
    this.#next = null;
    this.#trees = [];
    this.#search.value = "";
    this.#content.replaceChildren();
  }

  /** Searches for what the address says. */
  open(_, choices) {
    this.#search.value = choices.text("search");
    this.load();
  }

  /** What `open` needs to show this again. */
  get place() {
    return [[], { search: this.#search.value.trim() }];
  }

  /** Loads again what is shown, for the user or in the `background`. */
  load(background = false) {
    const ask = background ? getInBackground : get;
    return this.#show(async () => {
      const wanted = Math.min(Math.max(PAGE, this.#loaded.length), LONGEST_PAGE);
      const trees = `/v1/admin/trees?${new URLSearchParams({ client: this.#client() })}`;
      const [page, { trees: held }] = await Promise.all([ask(this.#path(null, wanted)), ask(trees)]);
      return { loaded: page.sessions, next: page.next ?? null, trees: held };
    }, background);
  }

  #client() {
    return this.#page.client() ?? this.#page.session().client;
  }

  #path(after, limit) {
    const query = new URLSearchParams({ limit: String(limit), client: this.#client() });
    const text = this.#search.value.trim();
    if (text !== "") query.set("text", text);
    if (after) query.set("after", after);
    return `/v1/admin/sessions?${query}`;
  }

  #more() {
    return this.#show(async () => {
      const page = await get(this.#path(this.#next, PAGE));
      return { loaded: [...this.#loaded, ...page.sessions], next: page.next ?? null, trees: this.#trees };
    });
  }

  /** Shows the result of `load`, unless another load began or the view was cleared meanwhile. */
  async #show(load, isBackground = false) {
    this.#round += 1;
    const round = this.#round;
    if (this.#content.childElementCount === 0) this.#content.append(element("p.loading", {}, "Loading …"));
    try {
      const { loaded, next, trees } = await load();
      if (round !== this.#round) return;
      this.#loaded = loaded;
      this.#next = next;
      this.#trees = trees;
      this.#draw();
    } catch (error) {
      if (round !== this.#round) return;
      // The result of the search before must not stand below another.
      if (!isBackground) this.#content.replaceChildren();
      this.#page.onError(error);
    }
  }

  #draw() {
    const trees = new Map(this.#trees.map((tree) => [tree.fingerprint, tree]));
    const treeOf = (session) => trees.get(session.tree);
    const stale = this.#loaded.filter((session) => treeOf(session)?.current === false).length;
    const parts = [`${formatCount(this.#loaded.length, "session")} shown`];
    if (stale > 0) parts.push(`${formatInteger(stale)} with an older tree`);
    if (this.#next) parts.push("more available");
    this.#loaded.sort((a, b) => a.age_seconds - b.age_seconds);
    const rows = this.#loaded.map((session) => this.#row(session, treeOf(session)));
    replaceQuietly(
      this.#content,
      element("p.muted", { id: "sessions-summary", role: "status" }, parts.join(", ")),
      ...(rows.length > 0 ? this.#filled(rows) : [this.#empty()]),
      element("h2", {}, "Trees in memory"),
      this.#trees.length > 0
        ? table("Trees in memory", TREE_COLUMNS, this.#trees.map(treeRow), "cards-table")
        : element("p.muted.hint", {}, "This instance holds no tree of the client. It loads one at the next login."),
    );
  }

  #filled(rows) {
    return [
      element("h2", {}, "Which tree each session holds"),
      element("p.muted", {}, "A session keeps the tree that it pinned at sign-in until it is refreshed. Its line is thick until its last use."),
      element(
        "ul.legend",
        { "aria-label": "Legend of the time line" },
        element("li", {}, element("span.swatch-own", { "aria-hidden": "true" }), "this session"),
        element("li", {}, element("span.swatch-life", { "aria-hidden": "true" }), "another session"),
      ),
      timeline(this.#loaded, this.#trees, this.#page.session().id),
      element("h2", {}, "All sessions"),
      table("All sessions", COLUMNS, rows, "cards-table"),
      this.#next ? element("p", {}, element("button", { type: "button", onclick: () => this.#more() }, "Show more")) : null,
    ];
  }

  #empty() {
    const text = this.#search.value.trim();
    if (text === "") return element("p.muted.hint", { id: "sessions-empty" }, "This client has no sessions. A session appears here when a user signs in.");
    const clear = () => {
      this.#search.value = "";
      this.#search.focus();
      this.load();
      this.#page.onChange(false);
    };
    const more = this.#next ? element("button", { type: "button", onclick: () => this.#more() }, "Search further") : null;
    return element(
      "div.hint",
      { id: "sessions-empty" },
      element("p.muted", {}, `No session has “${text}” in its user, role, organization, address or tree.`),
      element("p", {}, element("button", { type: "button", onclick: clear }, "Clear the search"), " ", more),
    );
  }

  #row(session, tree) {
    const own = this.#page.session().id === session.id;
    const org = session.org_name?.trim() ? session.org_name : (this.#page.organizations()?.titleOf(session.org) ?? session.org);
    const user = session.username ?? session.user;
    const label = `End the session of ${user}`;
    const onclick = () => this.#end(session);
    const end = own
      ? element("span.muted", {}, "this session")
      : element("button", { type: "button", "data-focus": session.id, "aria-label": label, onclick }, "End");
    return element(
      "tr",
      { "data-session": session.id, class: own ? "own" : undefined },
      element("td.prose", {}, name(user), element("span.note", {}, name(session.role_name ?? session.role))),
      element("td.prose", {}, name(org), element("span.note", {}, name(session.client_name ?? session.client))),
      element("td", {}, session.address ?? element("span.muted", {}, "unknown")),
      element("td.number", {}, timeElement(-session.age_seconds, `${formatDuration(session.age_seconds)} ago`)),
      element("td.number", {}, timeElement(-session.idle_seconds, `${formatDuration(session.idle_seconds)} ago`)),
      element("td.number", {}, timeElement(session.expires_in_seconds, `in ${formatDuration(session.expires_in_seconds)}`)),
      element("td", {}, fingerprint(session.tree), " ", tree?.current === false ? treeState(false) : null),
      element("td.action", {}, end),
    );
  }

  async #end(session) {
    const user = isolate(session.username ?? session.user);
    const sure = await this.#page.confirm(
      "End this session?",
      `${user} has to sign in again. All further requests of this session are refused.`,
      "End session",
    );
    if (!sure) return;
    try {
      const answer = await remove(`/v1/admin/sessions/${encodeURIComponent(session.id)}`);
      if (answer?.elsewhere === "pending") {
        this.#page.warn(`The session of ${user} has ended here. The other instances follow when the session store answers.`);
      } else {
        this.#page.announce(`The session of ${user} has ended.`);
      }
    } catch (error) {
      this.#page.onError(error);
    }
    await this.load();
    // The button that had the focus is gone.
    if (document.activeElement === document.body) this.#content.querySelector(".cards-table")?.focus();
  }
}

function treeRow(tree) {
  return element(
    "tr",
    { "data-tree": tree.fingerprint },
    element("td", {}, fingerprint(tree.fingerprint)),
    element("td.prose", {}, name(tree.client_name ?? tree.client)),
    element("td.number", {}, formatInteger(tree.organizations)),
    element("td.number", {}, bytesElement(tree.bytes)),
    element("td.number", {}, formatInteger(tree.sessions)),
    element("td", {}, treeState(tree.current) ?? "unknown"),
  );
}

/** The first digits of a fingerprint, with all of them as a tooltip. */
function fingerprint(digits) {
  return element("code", { title: digits }, String(digits).slice(0, 8));
}
