// The page: who is signed in, which view is on show, and what happens when something fails.

import { exchange, get, look, post, rememberCsrf } from "/page/api.js";
import { Connection } from "/page/connection.js";
import { Details } from "/page/details.js";
import { byId, element, integer, name } from "/page/dom.js";
import { Icicle } from "/page/icicle.js";
import { announce, confirmed, noTrouble, showChanges, stale, trouble } from "/page/notices.js";
import { Organizations } from "/page/organizations.js";
import { Overview } from "/page/overview.js";
import { Refer } from "/page/refer.js";
import { Sessions } from "/page/sessions.js";
import { Tree } from "/page/tree.js";

const VIEWS = ["overview", "organizations", "refer", "sessions"];
/** Milliseconds between two looks at figures that change by themselves. */
const FIGURES = 5_000;
/** Milliseconds between two comparisons with a newer tree, for which the server reads it. */
const COMPARISONS = 60_000;

let session = null;
let organizations = null;
let afterTrouble = null;
/** The client that an instance administrator looks at; null for all, and for everyone else. */
let client = null;
/** When the newer tree was last compared with the pinned one. */
let compared = -Infinity;
/** Counts the changes of who is signed in: an answer to an earlier question is not for the session of now. */
let era = 0;

/** Would the browser drop the session's cookie, which is for TLS alone, since this page came without TLS? */
const dropsCookie = document.documentElement.dataset.cookies === "secure" && !isSecureContext;

const isAdmin = () => Boolean(session?.client_admin || session?.instance_admin);

const tree = new Tree(byId("tree"), byId("tree-rows"), selected);
const details = new Details(byId("details"), { select: reveal, isAdmin, onError: failed });
const sessions = new Sessions(byId("sessions-content"), {
  session: () => session,
  organizations: () => organizations,
  client: () => client,
  confirm: confirmed,
  announce,
  onError: failed,
});
const overview = new Overview(byId("overview-content"), { session: () => session, isAdmin, client: () => client, onError: failed });
const refer = new Refer(byId("refer-content"), { isAdmin, select: goTo, onError: failed });
const icicle = new Icicle(byId("icicle"), { select: reveal, pointed });
const connection = new Connection({ fresh, lost, back, failed });
/** Tells the other tabs that the cookie they share now stands for something else. */
const tabs = new BroadcastChannel("orgcache-session");
tabs.addEventListener("message", () => start());

// ---- signing in and out ----

async function start() {
  era += 1;
  let mine = era;
  try {
    const answered = await get("/v1/session");
    if (mine !== era) return;
    mine += 1;
    await enter(answered);
  } catch (error) {
    if (mine !== era) return;
    if (error.kind === "unauthorized") signedOut("");
    else failed(error, start);
  }
}

async function signIn(event) {
  event.preventDefault();
  if (dropsCookie) return;
  const user = byId("sign-in-user");
  const password = byId("sign-in-password");
  const button = byId("sign-in-submit");
  byId("sign-in-error").textContent = "";
  button.disabled = true;
  try {
    const answer = await exchange("/v1/login", { user: user.value, password: password.value, cookie: true });
    password.value = "";
    await signedIn(answer);
  } catch (error) {
    byId("sign-in-error").textContent =
      error.kind === "unauthorized" ? "Wrong user name or password." : error.message;
    const field = error.field === "user" ? user : password;
    field.focus();
    field.select();
  } finally {
    button.disabled = false;
  }
}

/** Shows the page to a user whose password was right, whatever goes wrong then. */
async function signedIn(answer) {
  try {
    await changed(answer);
    if (!byId("overview").hidden) byId("overview-title").focus();
    else if (!byId("organizations").hidden) byId("search").focus();
  } catch (error) {
    if (error.kind !== "unauthorized") failed(error, start);
    else signedOut("You have signed in, but the browser does not send the session's cookie. Does it refuse cookies?");
  }
}

async function signOut() {
  let pending = false;
  try {
    pending = (await post("/v1/logout"))?.elsewhere === "pending";
  } catch (error) {
    if (error.kind !== "unauthorized") {
      failed(error);
      return;
    }
  }
  tabs.postMessage("changed");
  signedOut(pending ? "You have signed out here. The other instances follow when the session store answers." : "You have signed out.");
}

/** Takes up what a login, a refresh or a switch answered: a new session under the same cookie. */
async function changed(answer) {
  rememberCsrf(answer.csrf);
  tabs.postMessage("changed");
  await enter(answer.session);
}

/** Shows the page to a session. */
async function enter(answered) {
  era += 1;
  const mine = era;
  const { organizations: rows } = await get("/v1/tree");
  if (mine !== era) return;
  if (answered.csrf) rememberCsrf(answered.csrf);
  if (session !== null && session.user !== answered.user) forget();
  session = answered;
  organizations = new Organizations(rows);
  byId("loading").hidden = true;
  byId("entrance").hidden = true;
  byId("bar").hidden = false;
  stale(false);
  compared = -Infinity;
  noTrouble();
  byId("who-user").textContent = session.username ?? session.user;
  byId("who-client").textContent = session.client_name ?? session.client;
  byId("sessions-link").hidden = !isAdmin();
  tree.show(organizations);
  showPicture();
  refer.show(organizations);
  search();
  selectOwn();
  connection.watch();
  connection.askNow();
  showView();
  await Promise.all([showRoles(), showClients()]);
}

function signedOut(reason) {
  era += 1;
  connection.rest();
  forget();
  session = null;
  rememberCsrf("");
  noTrouble();
  for (const id of ["bar", "stale", "loading", ...VIEWS]) byId(id).hidden = true;
  byId("entrance").hidden = false;
  byId("sign-in-reason").textContent = reason;
  byId("sign-in-error").textContent = dropsCookie
    ? "This page came over plain HTTP, so the browser will drop the cookie of your session. Open it over HTTPS."
    : "";
  byId("sign-in-submit").disabled = dropsCookie;
  byId("confirm").close();
  document.title = "Sign in – orgcache";
  byId(byId("sign-in-user").value === "" ? "sign-in-user" : "sign-in-password").focus();
}

/** What one user saw is not left in the document for the next. */
function forget() {
  organizations = null;
  tree.clear();
  details.clear();
  sessions.clear();
  overview.clear();
  refer.clear();
  icicle.show(null);
  client = null;
  for (const id of ["client", "sessions-client"]) byId(id).replaceChildren();
  byId("search").value = "";
  byId("who-role").replaceChildren();
  for (const id of ["who-user", "who-client", "tree-count", "tree-empty", "announcement"]) byId(id).textContent = "";
}

async function showRoles() {
  const select = byId("who-role");
  try {
    const { roles } = await get("/v1/session/roles");
    select.replaceChildren(...roles.map((role) => element("option", { value: role.id }, role.name)));
    select.value = session.role;
    select.disabled = roles.length < 2;
    // Odoo has no roles.
    select.parentElement.hidden = roles.length === 0;
  } catch (error) {
    failed(error);
  }
}

/** Lets an instance administrator choose the client to look at. */
async function showClients() {
  const fields = [byId("client"), byId("sessions-client")];
  for (const control of ["client-control", "sessions-client-control"]) byId(control).hidden = !session.instance_admin;
  if (!session.instance_admin) return;
  const mine = era;
  try {
    const { clients } = await get("/v1/admin/clients");
    if (mine !== era) return;
    const option = ({ id, name: title, sessions: count }) =>
      element("option", { value: id }, `${title ?? id} (${integer(count)} session${count === 1 ? "" : "s"})`);
    fields[0].replaceChildren(element("option", { value: "" }, "All clients"), ...clients.map(option));
    fields[1].replaceChildren(...clients.map(option));
    fields[0].value = client ?? "";
    fields[1].value = client ?? session.client;
  } catch (error) {
    failed(error);
  }
}

function chooseClient(event) {
  client = event.target.value === "" ? null : event.target.value;
  byId("client").value = client ?? "";
  byId("sessions-client").value = client ?? session.client;
  loadFigures(false);
}

async function switchRole() {
  const select = byId("who-role");
  try {
    await changed(await exchange("/v1/session/role", { role: select.value }));
    announce(`You now act as ${session.role_name}.`);
  } catch (error) {
    select.value = session?.role ?? "";
    failed(error);
  }
}

async function refresh() {
  const button = byId("refresh");
  button.disabled = true;
  try {
    await changed(await exchange("/v1/session/refresh"));
    announce(`Your tree is the current one, with ${integer(organizations.size)} organizations.`);
    byId("tree").focus();
  } catch (error) {
    failed(error, refresh);
  } finally {
    button.disabled = false;
  }
}

// ---- views ----

function showView() {
  if (!session) return;
  const [wanted, id] = location.hash.slice(1).split("/");
  const view = VIEWS.includes(wanted) && (wanted !== "sessions" || isAdmin()) ? wanted : "overview";
  for (const other of VIEWS) byId(other).hidden = other !== view;
  for (const link of byId("views").querySelectorAll("a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (view === "organizations") showOrganization(id);
  else if (view === "refer") refer.open(decoded(id), decoded(location.hash.split("/")[2]));
  else loadFigures(false);
  titled(view);
}

/** Where nothing is selected yet, the session's own organization is. */
function selectOwn() {
  const own = organizations.byId.get(session.org);
  if (tree.selected < 0 && own !== undefined) tree.choose(own);
  icicle.select(tree.selected);
  showZoom();
}

function goTo(node) {
  location.hash = `#organizations/${encodeURIComponent(organizations.rows[node].id)}`;
}

function showPicture() {
  icicle.show(organizations);
  const levels = organizations.level.reduce((most, level) => Math.max(most, level), 0);
  const facts = [
    `${integer(organizations.size)} organizations`,
    `${integer(levels)} levels`,
    `${integer(icicle.entities)} legal entities`,
  ];
  byId("icicle").setAttribute("aria-label", `Picture of the tree: ${facts.join(", ")}. The list has the same.`);
  pointed(-1);
  showZoom();
}

/** Names the organization under the pointer, or else says what the picture has. */
function pointed(node) {
  const shown = byId("picture-pointed");
  if (node < 0 || !organizations) {
    shown.textContent = "Point at an organization to light up its natural tree.";
    return;
  }
  const entity = icicle.entityOf(node);
  const facts = [entity < 0 ? "no legal entity" : `legal entity ${organizations.title(entity)}`];
  if (!organizations.rows[node].readable) facts.push("this session may not read it");
  shown.replaceChildren(name(organizations.title(node)), element("span.muted", {}, ` · ${facts.join(" · ")}`));
}

function zoom(node) {
  icicle.zoom(node);
  showZoom();
}

function showZoom() {
  byId("zoom-out").disabled = !icicle.isZoomed;
  byId("zoom-in").disabled = tree.selected < 0 || !organizations?.hasChildren(tree.selected);
}

function showOrganization(id) {
  // The tree measures itself only while it is on show.
  const node = organizations.byId.get(decoded(id));
  if (node !== undefined && node !== tree.selected) reveal(node);
  else if (tree.selected >= 0) details.show(organizations, tree.selected);
  else details.clear();
}

const TITLES = { overview: "Overview", organizations: "Organizations", refer: "References", sessions: "Sessions" };

function titled(view) {
  const node = view === "organizations" ? tree.selected : -1;
  const what = node >= 0 ? organizations.title(node) : TITLES[view];
  document.title = `${what} – orgcache`;
}

function selected(node) {
  icicle.select(node);
  showZoom();
  details.show(organizations, node);
  history.replaceState(null, "", `#organizations/${encodeURIComponent(organizations.rows[node].id)}`);
  titled("organizations");
}

/** Selects an organization even where the search hides it. */
function reveal(node) {
  if (tree.hides(node)) {
    byId("search").value = "";
    search();
  }
  tree.select(node);
}

function search() {
  const text = byId("search").value.trim();
  const found = text === "" ? null : organizations.search(text);
  tree.filter(found);
  const all = integer(organizations.size);
  const none = found?.matches.length === 0;
  byId("tree-count").textContent = found ? `${integer(found.matches.length)} of ${all} found` : `${all} in this tree`;
  byId("tree-empty").hidden = !none && organizations.size > 0;
  const nothing = `No organization has “${text}” in its name, search key or id.`;
  byId("tree-empty").textContent = none
    ? `${nothing} Clear the search to see all.`
    : "This client has no organization tree. Add one in the ERP, then refresh.";
}

function loadFigures(background) {
  if (!session || document.hidden) return;
  if (!byId("sessions").hidden) sessions.load(background);
  if (!byId("overview").hidden) overview.load(background);
}

/** Tells about a newer tree, and what is different in it. */
async function fresh(current) {
  stale(!current);
  if (current || performance.now() - compared < COMPARISONS) return;
  compared = performance.now();
  const mine = era;
  try {
    const changes = await look("/v1/session/changes");
    if (mine !== era) return;
    if (changes.current === false) showChanges(changes);
    else compared = -Infinity;
  } catch (error) {
    if (mine === era) failed(error);
  }
}

// ---- what goes wrong, and what is said ----

/** Answers to a failure: sign in again, wait for the server, or read what it said. */
function failed(error, again) {
  // What a session was refused that is gone already says nothing about the one of now.
  if (error.kind === "outdated") return;
  if (error.kind === "unauthorized") {
    signedOut("Your session has ended. Sign in again.");
  } else if (error.kind === "unreachable") {
    if (again) afterTrouble = again;
    connection.lose();
  } else if (error.kind === "refused" && error.status === 403 && session) {
    // Another tab may have signed in meanwhile: then this page's proof belongs to a session that is gone.
    trouble(error.message, "Reload", start);
  } else if (error.kind === "refused") {
    trouble(error.message, "Dismiss", noTrouble);
  } else {
    trouble("This page failed. Reload it.", "Reload", () => location.reload());
    throw error;
  }
}

function lost(seconds) {
  trouble(`The server does not answer. The next attempt is in ${integer(seconds)} s.`, "Try now", () => connection.askNow());
}

function back() {
  noTrouble();
  announce("The server answers again.");
  const again = afterTrouble;
  afterTrouble = null;
  if (again) again();
  else showView();
}

function decoded(text) {
  try {
    return decodeURIComponent(text ?? "");
  } catch {
    return "";
  }
}

// ---- wiring ----

/** The users of a demonstration, as buttons. */
async function offerUsers() {
  if (document.documentElement.dataset.demonstration === undefined) return;
  const { users, password } = await get("/page/demonstration.json");
  const signInAs = (user) => {
    byId("sign-in-user").value = user;
    byId("sign-in-password").value = password;
    byId("sign-in").requestSubmit();
  };
  const button = ({ name: user, role }) =>
    element(
      "button",
      { type: "button", "data-user": user, onclick: () => signInAs(user) },
      name(user),
      role === user ? null : element("span.note", {}, name(role)),
    );
  const groups = [...Map.groupBy(users, (user) => user.client)].map(([title, those]) =>
    element("div", {}, element("h3", {}, name(title)), element("div.demonstration-users", {}, ...those.map(button))),
  );
  byId("demonstration").replaceChildren(
    element("h2", { id: "demonstration-title" }, "Demonstration: sign in as"),
    ...groups,
  );
  byId("demonstration").hidden = false;
}

byId("sign-in").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", signOut);
byId("refresh").addEventListener("click", refresh);
byId("who-role").addEventListener("change", switchRole);
byId("search").addEventListener("input", search);
byId("search").addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "Enter") {
    event.preventDefault();
    tree.enter();
  } else if (event.key === "Escape" && byId("search").value !== "") {
    event.preventDefault();
    byId("search").value = "";
    search();
  }
});
byId("expand-all").addEventListener("click", () => tree.expandAll());
byId("collapse-all").addEventListener("click", () => tree.collapseAll());
byId("zoom-in").addEventListener("click", () => zoom(tree.selected));
byId("zoom-out").addEventListener("click", () => zoom(-1));
for (const id of ["client", "sessions-client"]) byId(id).addEventListener("change", chooseClient);
window.addEventListener("hashchange", showView);
setInterval(() => loadFigures(true), FIGURES);
offerUsers().catch(failed);
start();
