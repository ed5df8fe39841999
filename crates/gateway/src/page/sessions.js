// The sessions and the trees they hold, for administrators.

import { get, look, remove } from "/page/api.js";
import { bytesElement, duration, element, integer, isolated, name, replaceQuietly, table } from "/page/dom.js";
import { timeline } from "/page/timeline.js";

/** Sessions asked for at once. */
const PAGE = 100;
/** The most that the server gives at once. */
const LONGEST_PAGE = 1000;
/** How long the search rests before the server is asked, in milliseconds. */
const REST = 250;

const COLUMNS = [
  { title: "User" },
  { title: "Role" },
  { title: "Organization" },
  { title: "Client" },
  { title: "Address" },
  { title: "Signed in", number: true },
  { title: "Idle", number: true },
  { title: "Ends in", number: true },
  { title: "Tree" },
  { title: "", label: "" },
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
  #content = element("div");
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
   *   confirm: Function, announce: Function, onError: Function,
   * }} page
   */
  constructor(content, page) {
    this.#page = page;
    this.#search.addEventListener("input", () => {
      clearTimeout(this.#rest);
      this.#rest = setTimeout(() => this.load(), REST);
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

  /** Asks again for all that is on show: because the user wants to see it, or in the `background`. */
  load(background = false) {
    const ask = background ? look : get;
    return this.#ask(async () => {
      const wanted = Math.min(Math.max(PAGE, this.#loaded.length), LONGEST_PAGE);
      const trees = `/v1/admin/trees?${new URLSearchParams({ client: this.#client() })}`;
      const [page, { trees: held }] = await Promise.all([ask(this.#path(null, wanted)), ask(trees)]);
      return { loaded: page.sessions, next: page.next ?? null, trees: held };
    });
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
    return this.#ask(async () => {
      const page = await get(this.#path(this.#next, PAGE));
      return { loaded: [...this.#loaded, ...page.sessions], next: page.next ?? null, trees: this.#trees };
    });
  }

  /** Shows what `question` brings, unless something else was asked or the view was cleared meanwhile. */
  async #ask(question) {
    this.#round += 1;
    const round = this.#round;
    try {
      const { loaded, next, trees } = await question();
      if (round !== this.#round) return;
      this.#loaded = loaded;
      this.#next = next;
      this.#trees = trees;
      this.#draw();
    } catch (error) {
      if (round === this.#round) this.#page.onError(error);
    }
  }

  #draw() {
    const trees = new Map(this.#trees.map((tree) => [tree.fingerprint, tree]));
    const treeOf = (session) => trees.get(session.tree);
    const stale = this.#loaded.filter((session) => treeOf(session)?.current === false).length;
    const summary = `${integer(this.#loaded.length)}${this.#next ? " or more" : ""} on show` +
      (stale > 0 ? `, ${integer(stale)} with an older tree` : "");
    const rows = this.#loaded.map((session) => this.#row(session, treeOf(session)));
    replaceQuietly(
      this.#content,
      element("p.muted", { id: "sessions-summary", role: "status" }, summary),
      ...(rows.length > 0 ? this.#filled(rows) : [this.#empty()]),
      element("h2", {}, "Trees in memory"),
      this.#trees.length > 0
        ? table("Trees in memory", TREE_COLUMNS, this.#trees.map(treeRow))
        : element("p.muted.hint", {}, "This instance holds no tree of the client. It loads one at the next login."),
    );
  }

  #filled(rows) {
    return [
      element("h2", {}, "Which tree each session holds"),
      element("p.muted", {}, "A session keeps the tree of its sign-in until it is refreshed. Thick: until its last use."),
      timeline(this.#loaded, this.#trees, this.#page.session().id),
      element("h2", {}, "All sessions"),
      table("All sessions", COLUMNS, rows, "cards-table"),
      this.#next ? element("p", {}, element("button", { type: "button", onclick: () => this.#more() }, "Show more")) : null,
    ];
  }

  #empty() {
    const text = this.#search.value.trim();
    if (text === "") return element("p.muted.hint", { id: "sessions-empty" }, "No session of this client. Sessions are listed here from their sign-in on.");
    const clear = () => {
      this.#search.value = "";
      this.#search.focus();
      this.load();
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
    const org = session.org_name ?? this.#page.organizations()?.titleOf(session.org) ?? session.org;
    const user = session.username ?? session.user;
    const label = `End the session of ${user}`;
    const onclick = () => this.#end(session);
    const end = own
      ? element("span.muted", {}, "this session")
      : element("button", { type: "button", "data-focus": session.id, "aria-label": label, onclick }, "End");
    const isOlder = tree?.current === false;
    return element(
      "tr",
      { "data-session": session.id, class: own ? "own" : undefined },
      element("td", {}, name(user)),
      element("td", {}, name(session.role_name ?? session.role)),
      element("td", {}, name(org)),
      element("td", {}, name(session.client_name ?? session.client)),
      element("td", {}, session.address ?? "–"),
      element("td.number", {}, duration(session.age_seconds)),
      element("td.number", {}, duration(session.idle_seconds)),
      element("td.number", {}, duration(session.expires_in_seconds)),
      element("td", {}, fingerprint(session.tree), isOlder ? " " : "", isOlder ? element("span.tag.tag-warn", {}, "older") : null),
      element("td.action", {}, end),
    );
  }

  async #end(session) {
    const user = isolated(session.username ?? session.user);
    const sure = await this.#page.confirm(
      "End this session?",
      `${user} has to sign in again. Requests of this session are refused from then on.`,
      "End session",
    );
    if (!sure) return;
    try {
      const answer = await remove(`/v1/admin/sessions/${encodeURIComponent(session.id)}`);
      const elsewhere = answer?.elsewhere === "pending" ? " The other instances follow when the session store answers." : "";
      this.#page.announce(`The session of ${user} has ended.${elsewhere}`);
    } catch (error) {
      this.#page.onError(error);
    }
    await this.load();
  }
}

function treeRow(tree) {
  const state = tree.current === true ? element("span.tag", {}, "current") : tree.current === false ? element("span.tag.tag-warn", {}, "older") : "unknown";
  return element(
    "tr",
    { "data-tree": tree.fingerprint },
    element("td", {}, fingerprint(tree.fingerprint)),
    element("td", {}, name(tree.client_name ?? tree.client)),
    element("td.number", {}, integer(tree.organizations)),
    element("td.number", {}, bytesElement(tree.bytes)),
    element("td.number", {}, integer(tree.sessions)),
    element("td", {}, state),
  );
}

/** The first digits of a fingerprint tell trees apart; all of them are the tooltip. */
function fingerprint(digits) {
  return element("code", { title: digits }, String(digits).slice(0, 8));
}
