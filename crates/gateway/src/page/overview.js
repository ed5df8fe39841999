// The first view: sessions, trees and bytes of this instance, and what Openbravo would take for the same.

import { get, getInBackground } from "/page/api.js";
import { estimate, SHAPES } from "/page/baselines.js";
import { bytesElement, element, formatBytes, formatCount, formatInteger, formatRounded, formatTenths, replaceQuietly, table } from "/page/dom.js";
import { memoryChart } from "/page/memory_chart.js";
import { sparkline } from "/page/sparkline.js";

const MOST_ORGANIZATIONS = 1_000_000;
const MOST_SESSIONS = 10_000_000;

/** The choice of the sessions at hand in place of a shape. */
const HERE = "here";

/** The view of figures. Its controls keep their values while the figures are redrawn. */
export class Overview {
  #page;
  #figures = element("div");
  #chart = element("div");
  #lead = element("p.lead", { id: "comparison-lead" });
  #basis = element("p.muted");
  #error = element("p.error", { id: "comparison-error", role: "alert" });
  #comparison = element("section.panel.hero", { "aria-labelledby": "comparison-title", hidden: true });
  #further = element("div.flow");
  #shape = element("select", { id: "shape" });
  #organizations = numberField("organizations-count", MOST_ORGANIZATIONS, "as they are");
  #sessions = numberField("sessions-count", MOST_SESSIONS);
  #known = null;
  #round = 0;

  /**
   * @param {HTMLElement} content
   * @param {{
   *   session: () => object, isAdmin: () => boolean, client: () => string | null,
   *   announce: (text: string) => void, onChange: (isStep: boolean) => void, onError: Function,
   * }} page
   */
  constructor(content, page) {
    this.#page = page;
    for (const field of [this.#organizations, this.#sessions]) field.addEventListener("input", () => this.#onNumber());
    this.#shape.addEventListener("input", () => this.#onChoice(true));
    const control = (label, field) => element("label.control", { for: field.id }, label, field);
    const controls = element(
      "div.controls",
      {},
      control("Compare", this.#shape),
      control("Organizations", this.#organizations),
      control("Sessions", this.#sessions),
    );
    const title = element("h2", { id: "comparison-title" }, "Memory here and in Openbravo");
    this.#comparison.append(element("div.view-head", {}, title, controls), this.#error, this.#lead, this.#chart, this.#basis);
    content.append(this.#figures, this.#comparison, this.#further);
  }

  clear() {
    this.#round += 1;
    this.#known = null;
    this.#comparison.hidden = true;
    this.#shape.replaceChildren();
    for (const part of [this.#figures, this.#chart, this.#further]) part.replaceChildren();
    for (const text of [this.#lead, this.#basis, this.#error]) text.textContent = "";
  }

  /** Compares what the address says, or what was compared before. */
  open(_, choices) {
    const shapes = this.#page.isAdmin() ? [[HERE, "the sessions of this instance"], ...SHAPES] : SHAPES;
    const isKnown = (value) => shapes.some(([shape]) => shape === value);
    const before = this.#shape.value;
    this.#shape.replaceChildren(...shapes.map(([value, title]) => element("option", { value }, title)));
    if (isKnown(before)) this.#shape.value = before;
    if (!choices.isEmpty) {
      this.#shape.value = choices.accept("compare", isKnown) ?? shapes[0][0];
      for (const [key, field] of this.#numbers()) {
        field.value = choices.accept(key, (value) => /^[1-9]\d*$/.test(value) && Number(value) <= Number(field.max)) ?? "";
      }
    }
    this.#choose();
    this.load();
  }

  /** What `open` needs to show this again. */
  get place() {
    const numbers = this.#numbers().filter(([, field]) => field.checkValidity());
    return [[], { compare: this.#shape.value, ...Object.fromEntries(numbers.map(([key, field]) => [key, field.value])) }];
  }

  #numbers() {
    return [["organizations", this.#organizations], ["sessions", this.#sessions]];
  }

  /** Loads the figures, for the user or in the `background`. */
  async load(background = false) {
    const ask = background ? getInBackground : get;
    this.#round += 1;
    const round = this.#round;
    if (!this.#known) this.#figures.replaceChildren(element("p.loading", {}, "Loading …"));
    try {
      const client = this.#page.client();
      const query = client === null ? "" : `?${new URLSearchParams({ client })}`;
      const [own, statistics] = await Promise.all([
        ask("/v1/session/footprint"),
        this.#page.isAdmin() ? ask(`/v1/admin/statistics${query}`) : null,
      ]);
      if (round !== this.#round) return;
      this.#known = { own, statistics };
      this.#choose();
      this.#draw();
    } catch (error) {
      if (round !== this.#round) return;
      // The figures of the client before must not stand below the name of another.
      if (!background) this.clear();
      this.#page.onError(error);
    }
  }

  /** A number switches from the sessions of this instance to a shape. */
  #onNumber() {
    const isHere = this.#shape.value === HERE;
    if (isHere) this.#shape.value = SHAPES[0][0];
    this.#onChoice(isHere);
  }

  #onChoice(isStep) {
    this.#choose();
    this.#compare();
    this.#page.onChange(isStep);
    // Figures that change without the user are not announced.
    this.#page.announce(this.#lead.textContent);
  }

  /** Empties the numbers for the sessions of this instance; a shape gets those that are missing. */
  #choose() {
    const isHere = this.#shape.value === HERE;
    const defaults = [
      [this.#organizations, this.#page.isAdmin() ? 600 : this.#page.session().organizations],
      [this.#sessions, this.#known?.statistics?.sessions ?? 100],
    ];
    for (const [field, value] of defaults) {
      if (isHere) field.value = "";
      else if (field.value === "" && field !== document.activeElement) field.value = String(Math.max(value, 1));
    }
  }

  #draw() {
    const { own, statistics } = this.#known;
    const session = this.#page.session();
    this.#sessions.placeholder = String(statistics?.sessions ?? "");
    this.#comparison.hidden = false;
    replaceQuietly(this.#figures, ...(statistics ? tiles(statistics) : ownTiles(own, session)));
    replaceQuietly(this.#further, ...(statistics ? details(statistics) : []), ...ownSession(own, session));
    this.#compare();
  }

  #compare() {
    if (!this.#known) return;
    const { own, statistics } = this.#known;
    const fields = [this.#organizations, this.#sessions];
    const isHere = this.#shape.value === HERE;
    const invalid = isHere ? undefined : fields.find((field) => !field.checkValidity());
    for (const field of fields) field.setAttribute("aria-invalid", String(field === invalid));
    this.#error.textContent = invalid
      ? `Enter a whole number from 1 to ${formatInteger(Number(invalid.max))}. The chart keeps the last valid numbers.`
      : "";
    if (invalid) return;
    const [organizations, sessions] = fields.map((field) => Number(field.value));
    const sizes = isHere
      ? { orgcache: statistics.footprint.total, ...statistics.openbravo_would_take }
      : estimate(this.#shape.value, organizations, sessions, own.organizations);
    const subject = isHere
      ? `${formatCount(statistics.sessions, "live session")} and ${formatCount(statistics.trees, "tree")} take `
      : `${formatCount(sessions, "session")} on one tree of ${formatCount(organizations, "organization")} take `;
    const ratio = formatRounded(sizes.pre / Math.max(sizes.orgcache, 1));
    this.#lead.replaceChildren(
      subject,
      element("strong", {}, formatBytes(sizes.orgcache)),
      `. In Openbravo before 2018 they would take ${formatBytes(sizes.pre)}, ${ratio} times as much.`,
    );
    this.#chart.replaceChildren(memoryChart(sizes));
    this.#basis.textContent = isHere
      ? "Linear scale. Measured for orgcache, estimated for Openbravo."
      : "Linear scale. Measured at 600 and 6,000 organizations; other sizes are estimated.";
  }
}

function numberField(id, max, placeholder) {
  const rules = { type: "number", min: 1, max, step: 1, required: true, inputmode: "numeric" };
  return element("input", { id, ...rules, placeholder, "aria-describedby": "comparison-error" });
}

function tiles(statistics) {
  const { footprint, logins_by_minute: logins } = statistics;
  const all = logins.reduce((sum, one) => sum + one, 0);
  const loginsCard = element(
    "div.card.card-wide",
    {},
    element(
      "div",
      {},
      element("h2", {}, "Logins a minute"),
      element("p.figure", { id: "logins-figure" }, formatTenths(all / logins.length)),
      element("p.muted", {}, `mean of ${logins.length} minutes, at most ${formatInteger(Math.max(...logins))}`),
    ),
    element(
      "div",
      {},
      sparkline(logins, `Logins by minute in the last ${logins.length} minutes, the running minute last`),
      element("p.note", { "aria-hidden": "true" }, element("span", {}, `${logins.length} min ago`), element("span", {}, "now")),
    ),
  );
  return [
    element(
      "div.cards.cards-tiles",
      {},
      tile("Live sessions", "sessions-figure", formatInteger(statistics.sessions), "on this instance"),
      tile("Trees", "trees-figure", formatInteger(statistics.trees), "each stored once"),
      tile("Memory", "bytes-figure", formatBytes(footprint.total), "of trees, access and references"),
      loginsCard,
    ),
  ];
}

function ownTiles(own, session) {
  return [
    element(
      "div.cards.cards-tiles",
      {},
      tile("Organizations", "organizations-figure", formatInteger(session.organizations), "in your tree"),
      tile("You may read", "readable-figure", formatInteger(session.readable), "organizations"),
      tile("You may write to", "writable-figure", formatInteger(session.writable), "organizations"),
      tile("Your session", "bytes-figure", formatBytes(own.own), "without its tree and access, which are shared"),
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
    rateCard("Requests with the session in memory", lookups.hits, lookups.hits + lookups.store_reads, "requests"),
    rateCard("Logins that shared a tree", pool.hits + pool.joined + pool.already_held, logins, "logins"),
    rateCard("Logins served from cache", pool.hits + pool.joined, logins, "logins"),
    compressionCard(compression),
  ];
  return [
    element("h2", {}, "What takes the memory"),
    memory(footprint),
    element("h2", {}, "Caches of this instance"),
    element("div.cards", {}, ...cards),
    element(
      "div.cards",
      {},
      figureList("How logins got their tree", [
        ["it was in memory and current", pool.hits],
        ["from another login's load in flight", pool.joined],
        ["loaded from the ERP", pool.loads],
        ["of these loads, the same tree was in memory", pool.already_held],
        ["failed loads", pool.failed_loads],
      ]),
      figureList("How requests got their session", [
        ["it was in memory", lookups.hits],
        ["read from the session store", lookups.store_reads],
        ["of these reads, the tree was reopened", lookups.reopened],
        ["unknown token", lookups.unknown],
      ]),
    ),
    element("h2", {}, "Automatic roles"),
    element("p.muted", { id: "automatic-roles" }, ...withCode(`Automatic roles have ${describeRule(automatic.rule)}: ${automatic.reason}.`)),
  ];
}

function memory(footprint) {
  const rows = [
    ["Trees", "each stored once for all sessions", footprint.trees],
    ["Access", "readable and writable organizations of the roles, each once", footprint.accesses],
    ["References", "from each session to its tree, access and organization", footprint.organizations],
    ["Total", "of these three; the comparison above uses it", footprint.total],
    ["Rest of the sessions", "user, role, lifetime and name; not compared", footprint.sessions],
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

function describeRule(rule) {
  return rule === "all"
    ? "all organizations of their client, less those that an inactive access row denies"
    : "the organizations of their access rows, and no others";
}

/** A message of the server, with what stands in backticks as code. */
function withCode(text) {
  return text.split("`").map((part, place) => (place % 2 === 1 ? element("code", {}, part) : part));
}

function rateCard(title, part, whole, what) {
  return shareCard(title, whole === 0 ? null : part / whole, `${formatInteger(part)} of ${formatInteger(whole)} ${what}`);
}

function compressionCard({ bytes_in: given, bytes_out: sent }) {
  return shareCard("Saved by compression", given === 0 ? null : 1 - sent / given, `${formatBytes(given)} sent as ${formatBytes(sent)}`);
}

/** A share as a number and as a bar. */
function shareCard(title, share, note) {
  const filled = element("span.rate-filled");
  filled.style.width = `${(share ?? 0) * 100}%`;
  return element(
    "div.card",
    {},
    element("h3", {}, title),
    element("p.figure", {}, share === null ? "–" : `${formatRounded(share * 100)} %`),
    element("span.rate", { "aria-hidden": "true" }, filled),
    element("p.muted", {}, note),
  );
}

function figureList(title, figures) {
  const pairs = figures.flatMap(([label, value]) => [
    element("dt", {}, label),
    element("dd.number", {}, formatInteger(value)),
  ]);
  return element("div.card", {}, element("h3", {}, title), element("dl.facts", {}, ...pairs));
}

function ownSession(footprint, session) {
  const rows = [
    ["Session", "this session alone", footprint.own],
    ["References", "of that, to tree, access and organization", footprint.organizations],
    ["Access", "readable and writable organizations, shared with sessions of equal access", footprint.access],
    ["Tree", "the pinned tree, shared with every session that has the same", footprint.tree],
  ];
  const [read, write, all] = [session.readable, session.writable, session.organizations].map(formatInteger);
  return [
    element("h2", {}, "This session"),
    element("p.muted", {}, `May read ${read} and write to ${write} of ${all} organizations.`),
    bytesTable("Bytes of this session", rows),
  ];
}
