// The first view: how many sessions, trees and bytes there are, and what Openbravo would take for the same.

import { get, look } from "/page/api.js";
import { estimate, SHAPES } from "/page/baselines.js";
import { bytes, bytesElement, element, integer, replaceQuietly, rounded, table, tenths, words } from "/page/dom.js";
import { picture } from "/page/picture.js";
import { sparkline } from "/page/sparkline.js";

const MOST_ORGANIZATIONS = 1_000_000;
const MOST_SESSIONS = 10_000_000;

/** The shape that stands for the sessions as they are. */
const HERE = "here";

/** The view of figures. Its controls stay while the figures are drawn anew. */
export class Overview {
  #page;
  #figures = element("div.figures");
  #chart = element("div");
  #lead = element("p.lead", { id: "comparison-lead", role: "status" });
  #further = element("div.further");
  #shape = element("select", { id: "shape" });
  #organizations = numberField("organizations-count", MOST_ORGANIZATIONS);
  #sessions = numberField("sessions-count", MOST_SESSIONS);
  #known = null;
  #round = 0;

  /**
   * @param {HTMLElement} content
   * @param {{session: () => object, isAdmin: () => boolean, client: () => string | null, onError: Function}} page
   */
  constructor(content, page) {
    this.#page = page;
    for (const field of [this.#shape, this.#organizations, this.#sessions]) {
      field.addEventListener("input", () => this.#compare());
    }
    this.#shape.addEventListener("input", () => this.#enable());
    const control = (label, field) => element("label.control", { for: field.id }, label, field);
    content.append(
      this.#figures,
      element("h2", {}, "The same sessions in Openbravo"),
      element(
        "div.controls",
        {},
        control("Tree", this.#shape),
        control("Organizations", this.#organizations),
        control("Sessions", this.#sessions),
      ),
      this.#lead,
      this.#chart,
      this.#further,
    );
  }

  clear() {
    this.#round += 1;
    this.#known = null;
    this.#shape.replaceChildren();
    for (const part of [this.#figures, this.#chart, this.#further]) part.replaceChildren();
    this.#lead.textContent = "";
  }

  /** Asks again for all figures: because the user wants to see them, or in the `background`. */
  async load(background = false) {
    const ask = background ? look : get;
    this.#round += 1;
    const round = this.#round;
    try {
      const client = this.#page.client();
      const query = client === null ? "" : `?${new URLSearchParams({ client })}`;
      const [own, statistics] = await Promise.all([
        ask("/v1/session/footprint"),
        this.#page.isAdmin() ? ask(`/v1/admin/statistics${query}`) : null,
      ]);
      if (round !== this.#round) return;
      // Another role may see more or less than the one before.
      const isOther = this.#known === null || (this.#known.statistics === null) !== (statistics === null);
      this.#known = { own, statistics };
      if (isOther) this.#begin();
      this.#draw();
    } catch (error) {
      if (round === this.#round) this.#page.onError(error);
    }
  }

  /** Sets the controls to what there is. */
  #begin() {
    const { statistics } = this.#known;
    const session = this.#page.session();
    const shapes = statistics ? [[HERE, "the sessions of this instance"], ...SHAPES] : SHAPES;
    this.#shape.replaceChildren(...shapes.map(([value, title]) => element("option", { value }, title)));
    this.#organizations.value = String(statistics ? 600 : Math.max(session.organizations, 1));
    this.#sessions.value = String(Math.max(statistics?.sessions ?? 100, 1));
    this.#enable();
  }

  #enable() {
    for (const field of [this.#organizations, this.#sessions]) field.disabled = this.#shape.value === HERE;
  }

  #draw() {
    const { own, statistics } = this.#known;
    const session = this.#page.session();
    replaceQuietly(this.#figures, ...(statistics ? tiles(statistics) : ownTiles(own, session)));
    replaceQuietly(this.#further, ...(statistics ? details(statistics) : []), ...ownSession(own, session));
    this.#compare();
  }

  #compare() {
    if (!this.#known) return;
    const { own, statistics } = this.#known;
    if (this.#shape.value === HERE) {
      const sessions = count(statistics.sessions, "live session");
      this.#lead.textContent = `${sessions} and ${count(statistics.trees, "tree")} of this instance, measured; Openbravo's structures for the same sessions, estimated. The scale is linear.`;
      this.#show({ orgcache: statistics.footprint.total, ...statistics.openbravo_would_take });
      return;
    }
    const fields = [this.#organizations, this.#sessions];
    if (!fields.every((field) => field.checkValidity() && field.value !== "")) {
      this.#lead.textContent = `Enter up to ${integer(MOST_ORGANIZATIONS)} organizations and ${integer(MOST_SESSIONS)} sessions.`;
      return;
    }
    const [organizations, sessions] = fields.map((field) => Number(field.value));
    this.#lead.textContent = `${count(sessions, "session")} on one tree of ${count(organizations, "organization")}. Measured at 600 and 6,000 organizations; other sizes follow from those two. The scale is linear.`;
    this.#show(estimate(this.#shape.value, organizations, sessions, own.organizations));
  }

  #show(sizes) {
    this.#chart.replaceChildren(picture(sizes));
  }
}

function numberField(id, max) {
  return element("input", { id, type: "number", min: 1, max, step: 1, inputmode: "numeric" });
}

const count = (number, noun) => `${integer(number)} ${noun}${number === 1 ? "" : "s"}`;

function tiles(statistics) {
  const { footprint, logins_by_minute: logins } = statistics;
  const all = logins.reduce((sum, one) => sum + one, 0);
  const line = element(
    "div.card.card-wide",
    {},
    element("h2", {}, "Logins a minute"),
    element("p.figure", { id: "logins-figure" }, tenths(all / logins.length)),
    sparkline(logins, `Logins by minute in the last ${logins.length} minutes, the running minute last`),
    element("p.muted", {}, `${count(all, "login")} in the last ${logins.length} minutes`),
  );
  return [
    element(
      "div.cards.cards-tiles",
      {},
      tile("Live sessions", "sessions-figure", integer(statistics.sessions), "on this instance"),
      tile("Trees", "trees-figure", integer(statistics.trees), "each stored once"),
      tile("Bytes", "bytes-figure", bytes(footprint.total), "trees, access and the sessions' part"),
      line,
    ),
  ];
}

function ownTiles(own, session) {
  return [
    element(
      "div.cards.cards-tiles",
      {},
      tile("Organizations", "organizations-figure", integer(session.organizations), "in your tree"),
      tile("You may read", "readable-figure", integer(session.readable), "organizations"),
      tile("You may write to", "writable-figure", integer(session.writable), "organizations"),
      tile("Your session", "bytes-figure", bytes(own.own), "beside its tree and access, which are shared"),
    ),
  ];
}

function tile(title, id, figure, note) {
  return element("div.card", {}, element("h2", {}, title), element("p.figure", { id }, figure), element("p.muted", {}, note));
}

function details(statistics) {
  const { pool, lookups, compression, footprint, automatic_roles: automatic } = statistics;
  const logins = pool.hits + pool.joined + pool.loads;
  const cards = [
    rate("Requests answered from memory", lookups.hits, lookups.hits + lookups.store_reads, "looked up"),
    rate("Logins that shared a tree", pool.hits + pool.joined + pool.already_held, logins, "logins"),
    rate("Logins served from cache", pool.hits + pool.joined, logins, "logins"),
    saved(compression),
  ];
  return [
    element("h2", {}, "Memory"),
    memory(footprint),
    element("h2", {}, "Caches of this instance"),
    element("div.cards", {}, ...cards),
    element("div.cards", {}, figureList("Trees for logins", pool), figureList("Tokens", lookups)),
    element("h2", {}, "Automatic roles"),
    element("p.muted", { id: "automatic-roles" }, `They get ${meaning(automatic.rule)}: ${automatic.reason}.`),
  ];
}

function memory(footprint) {
  const rows = [
    ["Trees", "each once, whatever the number of sessions", footprint.trees],
    ["Access", "readable and writable organizations of the roles, each once", footprint.accesses],
    ["Sessions, about organizations", "the reference to tree and access, and the own organization", footprint.organizations],
    ["Together", "what the comparison above has", footprint.total],
    ["Sessions, the rest", "user, role, lifetime and name; not compared", footprint.sessions],
  ];
  if (footprint.tables !== null) {
    rows.push(["Tables", "capacity of the tables, and trees kept for the next login; not compared", footprint.tables]);
  }
  return bytesTable("Memory of these sessions", rows);
}

function bytesTable(caption, rows) {
  const columns = [{ title: "Part" }, { title: "What it is" }, { title: "Bytes", number: true }];
  const cells = ([title, meaning, size]) => [
    element("th", { scope: "row" }, title),
    element("td.prose", {}, meaning),
    element("td.number", {}, bytesElement(size)),
  ];
  return table(caption, columns, rows.map((row) => element("tr", {}, ...cells(row))));
}

function meaning(rule) {
  return rule === "all"
    ? "all organizations of their client, less those that an inactive access row denies"
    : "the organizations of their access rows, and no others";
}

function rate(title, part, whole, what) {
  return card(title, whole === 0 ? null : part / whole, `${integer(part)} of ${integer(whole)} ${what}`);
}

function saved({ bytes_in: given, bytes_out: sent }) {
  return card("Saved by compression", given === 0 ? null : 1 - sent / given, `${bytes(given)} became ${bytes(sent)}`);
}

/** A share as a number and as a bar. */
function card(title, share, note) {
  const filled = element("span.rate-filled");
  filled.style.width = `${(share ?? 0) * 100}%`;
  return element(
    "div.card",
    {},
    element("h3", {}, title),
    element("p.figure", {}, share === null ? "–" : `${rounded(share * 100)} %`),
    element("span.rate", { "aria-hidden": "true" }, filled),
    element("p.muted", {}, note),
  );
}

function figureList(title, figures) {
  const pairs = Object.entries(figures).flatMap(([key, value]) => [
    element("dt", {}, words(key)),
    element("dd.number", {}, integer(value)),
  ]);
  return element("div.card", {}, element("h3", {}, title), element("dl.facts", {}, ...pairs));
}

function ownSession(footprint, session) {
  const rows = [
    ["Own", "this session alone", footprint.own],
    ["Organizations", "of that, the part about organizations", footprint.organizations],
    ["Access", "readable and writable organizations, shared with sessions of equal access", footprint.access],
    ["Tree", "the pinned tree, shared with every session that has the same", footprint.tree],
  ];
  const [read, write, all] = [session.readable, session.writable, session.organizations].map(integer);
  return [
    element("h2", {}, "This session"),
    element("p.muted", {}, `May read ${read} and write to ${write} of ${all} organizations.`),
    bytesTable("Bytes of this session", rows),
  ];
}
