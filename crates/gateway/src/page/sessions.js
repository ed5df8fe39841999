// The sessions and the trees they hold, for administrators.

import { get, look, remove } from "/page/api.js";
import { bytesElement, duration, element, integer, name, replaceQuietly, table } from "/page/dom.js";

/** Sessions asked for at once. */
const PAGE = 100;
/** The most that the server gives at once. */
const LONGEST_PAGE = 1000;

const COLUMNS = [
  { title: "User" },
  { title: "Role" },
  { title: "Organization" },
  { title: "Signed in", number: true },
  { title: "Idle", number: true },
  { title: "Own", number: true },
  { title: "Shared tree", number: true },
  { title: "Tree" },
  { title: "" },
];

const TREE_COLUMNS = [
  { title: "Tree" },
  { title: "Client" },
  { title: "Organizations", number: true },
  { title: "Bytes", number: true },
  { title: "Sessions", number: true },
  { title: "" },
];

/** The view of all sessions that this administrator may see. */
export class Sessions {
  #content;
  #page;
  #loaded = [];
  #next = null;
  #trees = [];
  #round = 0;

  /**
   * @param {HTMLElement} content
   * @param {{session: () => object, organizations: () => object, confirm: Function, announce: Function, onError: Function}} page
   */
  constructor(content, page) {
    this.#content = content;
    this.#page = page;
  }

  clear() {
    this.#round += 1;
    this.#loaded = [];
    this.#next = null;
    this.#trees = [];
    this.#content.replaceChildren();
  }

  /** Asks again for all that is on show: because somebody wants to see it, or `byItself`. */
  load(byItself = false) {
    const ask = byItself ? look : get;
    return this.#ask(async () => {
      const wanted = Math.min(Math.max(PAGE, this.#loaded.length), LONGEST_PAGE);
      const [page, { trees }] = await Promise.all([ask(path(null, wanted)), ask("/v1/admin/trees")]);
      return { loaded: page.sessions, next: page.next ?? null, trees };
    });
  }

  #more() {
    return this.#ask(async () => {
      const page = await get(path(this.#next, PAGE));
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
    const trees = new Map(this.#trees.map((tree) => [`${tree.client} ${tree.fingerprint}`, tree]));
    const treeOf = (session) => trees.get(`${session.client} ${session.tree}`);
    const stale = this.#loaded.filter((session) => treeOf(session)?.current === false).length;
    const summary = `${integer(this.#loaded.length)}${this.#next ? " or more" : ""} on show` +
      (stale > 0 ? `, ${integer(stale)} with an older tree` : "");
    replaceQuietly(
      this.#content,
      element("p.muted", { id: "sessions-summary" }, summary),
      table("Sessions", COLUMNS, this.#loaded.map((session) => this.#row(session, treeOf(session)))),
      this.#next ? element("p", {}, element("button", { type: "button", onclick: () => this.#more() }, "Show more")) : null,
      element("h2", {}, "Trees in memory"),
      table("Trees in memory", TREE_COLUMNS, this.#trees.map(treeRow)),
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
    return element(
      "tr",
      { "data-session": session.id, class: own ? "own" : undefined },
      element("td", {}, name(user)),
      element("td", {}, name(session.role_name ?? session.role)),
      element("td", {}, name(org)),
      element("td.number", {}, duration(session.age_seconds)),
      element("td.number", {}, duration(session.idle_seconds)),
      element("td.number", {}, session.footprint ? bytesElement(session.footprint.own) : "–"),
      element("td.number", {}, tree ? bytesElement(tree.bytes) : "–"),
      element("td", {}, fingerprint(session.tree), " ", tree?.current === false ? element("span.tag.tag-warn", {}, "older") : ""),
      element("td.action", {}, end),
    );
  }

  async #end(session) {
    const user = session.username ?? session.user;
    const sure = await this.#page.confirm(
      "End this session?",
      `${user} has to sign in again. Whatever that session was doing is refused from then on.`,
      "End session",
    );
    if (!sure) return;
    try {
      const answer = await remove(`/v1/admin/sessions/${encodeURIComponent(session.id)}`);
      const elsewhere = answer?.elsewhere === "pending" ? " Other servers are still being told." : "";
      this.#page.announce(`The session of ${user} has ended.${elsewhere}`);
    } catch (error) {
      this.#page.onError(error);
    }
    await this.load();
  }
}

function treeRow(tree) {
  return element(
    "tr",
    { "data-tree": tree.fingerprint },
    element("td", {}, fingerprint(tree.fingerprint)),
    element("td", {}, name(tree.client_name ?? tree.client)),
    element("td.number", {}, integer(tree.organizations)),
    element("td.number", {}, bytesElement(tree.bytes)),
    element("td.number", {}, integer(tree.sessions)),
    element("td", {}, tree.current ? element("span.tag", {}, "current") : element("span.tag.tag-warn", {}, "older")),
  );
}

/** The first digits of a fingerprint tell trees apart; all of them are the tooltip. */
export function fingerprint(digits) {
  return element("code", { title: digits }, String(digits).slice(0, 8));
}

function path(after, limit) {
  const query = new URLSearchParams({ limit: String(limit) });
  if (after) query.set("after", after);
  return `/v1/admin/sessions?${query}`;
}
