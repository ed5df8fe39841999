// The entry point of the page: the signed-in session, the visible view, and what to do after a failure.

import { changeAddress, formatAddress, readAddress, replaceAddress } from "/page/address.js";
import { exchangeSession, get, getInBackground, post, rememberCsrf } from "/page/api.js";
import { Connection } from "/page/connection.js";
import { byId, element, formatCount, formatInteger, isolate, name } from "/page/dom.js";
import { announce, askToConfirm, hideTrouble, setStale, showChanges, showTrouble } from "/page/notices.js";
import { Organizations } from "/page/organizations.js";
import { OrganizationsView } from "/page/organizations_view.js";
import { Overview } from "/page/overview.js";
import { Refer } from "/page/refer.js";
import { Sessions } from "/page/sessions.js";

const TITLES = { overview: "Overview", organizations: "Organizations", refer: "References", sessions: "Sessions" };
const VIEWS = Object.keys(TITLES);
/** Milliseconds between two requests for figures. */
const FIGURES = 5_000;
/** Milliseconds between two comparisons with the current tree, for which the server reads it. */
const COMPARISONS = 60_000;

let session = null;
let organizations = null;
let afterTrouble = null;
/** The client that an instance administrator chose; null stands for all clients. */
let client = null;
/** The clients among which an instance administrator chooses. */
let clients = [];
/** The notice about the address. */
let refusal = "";
/** When the current tree was last compared with the pinned one. */
let compared = -Infinity;
/** Counts the changes of session: an answer to an earlier session's request is dropped. */
let generation = 0;

/** Whether the browser would drop the session's cookie, which is `Secure`: the page came over plain HTTP. */
const dropsCookie = document.documentElement.dataset.cookies === "secure" && !isSecureContext;

const isAdmin = () => Boolean(session?.client_admin || session?.instance_admin);

const organizationsView = new OrganizationsView({ isAdmin, onChange, onError });
const sessions = new Sessions(byId("sessions-content"), {
  session: () => session,
  organizations: () => organizations,
  client: () => client,
  confirm: askToConfirm,
  announce,
  warn: (text) => showTrouble(text, "Dismiss", hideTrouble),
  onChange,
  onError,
});
const overview = new Overview(byId("overview-content"), { session: () => session, isAdmin, client: () => client, announce, onChange, onError });
const refer = new Refer(byId("refer-content"), { isAdmin, select: (node) => location.assign(addressOf(node)), onChange, onError });
const views = { overview, organizations: organizationsView, refer, sessions };
const connection = new Connection({ onFreshness, onLost, onBack, onError });
/** Tells the other tabs that the cookie they share belongs to another session now. */
const tabs = new BroadcastChannel("orgcache-session");
tabs.addEventListener("message", () => start("You have signed out in another tab."));

// ---- signing in and out ----

/** Shows the page to the cookie's session, or else the sign-in form with a reason. */
async function start(reason = "") {
  generation += 1;
  let mine = generation;
  try {
    const answered = await get("/v1/session");
    if (mine !== generation) return;
    mine += 1;
    await showSession(answered);
  } catch (error) {
    if (mine !== generation) return;
    if (error.kind === "unauthorized") showSignIn(reason);
    else onError(error, () => start(reason));
  }
}

async function signIn(event) {
  event.preventDefault();
  const user = byId("sign-in-user");
  const password = byId("sign-in-password");
  const button = byId("sign-in-submit");
  // A second click would make a second session.
  if (button.disabled) return;
  byId("sign-in-error").textContent = "";
  button.disabled = true;
  button.textContent = "Signing in …";
  try {
    const answer = await exchangeSession("/v1/login", { user: user.value, password: password.value, cookie: true });
    password.value = "";
    await showSignedIn(answer);
  } catch (error) {
    byId("sign-in-error").textContent =
      error.kind === "unauthorized" ? "Wrong user name or password." : error.message;
    const field = error.field === "user" ? user : password;
    field.focus();
    field.select();
  } finally {
    button.disabled = false;
    button.textContent = "Sign in";
  }
}

/** Shows the page after a login. Later failures are not failures of the password. */
async function showSignedIn(answer) {
  try {
    await adoptSession(answer);
    if (!byId("overview").hidden) byId("overview-title").focus();
    else if (!byId("organizations").hidden) byId("search").focus();
  } catch (error) {
    if (error.kind !== "unauthorized") onError(error, () => start());
    else showSignIn("You have signed in, but the browser does not send the session's cookie. Does it refuse cookies?");
  }
}

async function signOut() {
  let pending = false;
  try {
    pending = (await post("/v1/logout"))?.elsewhere === "pending";
  } catch (error) {
    if (error.kind !== "unauthorized") {
      onError(error);
      return;
    }
  }
  tabs.postMessage("changed");
  // The next user of this browser does not start where this one was.
  replaceAddress(location.pathname);
  showSignIn(pending ? "You have signed out here. The other instances follow when the session store answers." : "You have signed out.");
}

/** Replaces the session by the one that a login, a refresh or a switch returned. */
async function adoptSession(answer) {
  rememberCsrf(answer.csrf);
  tabs.postMessage("changed");
  await showSession(answer.session);
}

/** Loads the session's tree and shows the page. */
async function showSession(answered) {
  generation += 1;
  const mine = generation;
  const { organizations: rows } = await get("/v1/tree");
  if (mine !== generation) return;
  if (answered.csrf) rememberCsrf(answered.csrf);
  if (session !== null && session.user !== answered.user) clearUserData();
  session = answered;
  if (!session.instance_admin) client = null;
  organizations = new Organizations(rows);
  byId("loading").hidden = true;
  byId("entrance").hidden = true;
  byId("bar").hidden = false;
  setStale(false);
  compared = -Infinity;
  hideTrouble();
  for (const [id, text] of [["who-user", session.username ?? session.user], ["who-client", session.client_name ?? session.client]]) {
    byId(id).textContent = text;
    byId(id).title = text;
  }
  byId("sessions-link").hidden = !isAdmin();
  organizationsView.show(organizations, session.org);
  refer.show(organizations, session.org);
  connection.start();
  connection.checkNow();
  // The clients decide whether the address may name one.
  const areClientsFirst = session.instance_admin && readAddress().choices.has("client");
  if (areClientsFirst) await showClients();
  if (mine !== generation) return;
  showView();
  await Promise.all([showRoles(), areClientsFirst ? null : showClients()]);
}

function showSignIn(reason) {
  generation += 1;
  connection.stop();
  clearUserData();
  session = null;
  rememberCsrf("");
  hideTrouble();
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

/** Removes everything of this user from the document. */
function clearUserData() {
  organizations = null;
  organizationsView.clear();
  sessions.clear();
  overview.clear();
  refer.clear();
  client = null;
  clients = [];
  for (const id of ["client", "sessions-client"]) byId(id).replaceChildren();
  byId("who-role").replaceChildren();
  byId("who-role-control").hidden = true;
  for (const id of ["who-user", "who-client", "announcement"]) {
    byId(id).textContent = "";
    byId(id).removeAttribute("title");
  }
}

async function showRoles() {
  const select = byId("who-role");
  try {
    const { roles } = await get("/v1/session/roles");
    select.replaceChildren(...roles.map((role) => element("option", { value: role.id }, role.name)));
    select.value = session.role;
    select.disabled = roles.length < 2;
    // Odoo has no roles.
    byId("who-role-control").hidden = roles.length === 0;
  } catch (error) {
    onError(error);
  }
}

/** Lets an instance administrator choose the client to look at. */
async function showClients() {
  const fields = [byId("client"), byId("sessions-client")];
  for (const control of ["client-control", "sessions-client-control"]) byId(control).hidden = !session.instance_admin;
  if (!session.instance_admin) return;
  const mine = generation;
  try {
    const answer = await get("/v1/admin/clients");
    if (mine !== generation) return;
    clients = answer.clients;
    const option = ({ id, name: title, sessions: count }) =>
      element("option", { value: id }, `${title ?? id} (${formatCount(count, "session")})`);
    fields[0].replaceChildren(element("option", { value: "" }, "All clients"), ...clients.map(option));
    fields[1].replaceChildren(...clients.map(option));
    showClient();
  } catch (error) {
    onError(error);
  }
}

function showClient() {
  byId("client").value = client ?? "";
  byId("sessions-client").value = client ?? session.client;
}

function chooseClient(event) {
  client = event.target.value || null;
  showClient();
  loadFigures(false);
  onChange(true);
}

async function switchRole() {
  const select = byId("who-role");
  // The session of a second switch would have ended by then.
  select.disabled = true;
  try {
    await adoptSession(await exchangeSession("/v1/session/role", { role: select.value }));
    announce(`You now act as ${session.role_name}.`);
  } catch (error) {
    select.value = session?.role ?? "";
    select.disabled = false;
    onError(error);
  }
}

async function refresh() {
  const button = byId("refresh");
  button.disabled = true;
  try {
    await adoptSession(await exchangeSession("/v1/session/refresh"));
    announce(`Your tree is the current one, with ${formatInteger(organizations.size)} organizations.`);
    byId("main").focus();
  } catch (error) {
    onError(error, refresh);
  } finally {
    button.disabled = false;
  }
}

// ---- views ----

/** Shows the view of the address, with those of its choices that apply to this session. */
function showView() {
  if (!session) return;
  const { view: wanted, ids, choices } = readAddress();
  const isKnown = VIEWS.includes(wanted) && (wanted !== "sessions" || isAdmin());
  if (!isKnown && wanted !== "") choices.refuse("view", wanted);
  const view = isKnown ? wanted : "overview";
  for (const each of VIEWS) byId(each).hidden = each !== view;
  openClient(view, choices);
  views[view].open(isKnown ? ids : [], choices);
  replaceAddress(addressOfView(view));
  showLinks(view);
  showRefused(choices.refused);
}

function openClient(view, choices) {
  if (choices.isEmpty || !["overview", "sessions"].includes(view)) return;
  const isClient = (id) => session.instance_admin && clients.some((one) => one.id === id);
  const wanted = choices.accept("client", isClient) ?? null;
  // Sessions are always those of one client, which does not narrow the other view.
  if (view === "sessions" && client === null && wanted === session.client) return;
  client = wanted;
  if (session.instance_admin) showClient();
}

/** Shows which parts of the address do not apply. */
function showRefused(refused) {
  if (byId("trouble-text").textContent === refusal) hideTrouble();
  if (refused.length === 0) return;
  const parts = refused.map(([key, value]) => `${key} “${isolate(value)}”`);
  refusal = `The address has values that do not apply to this session: ${parts.join(", ")}.`;
  showTrouble(refusal, "Dismiss", hideTrouble);
}

function addressOfView(view) {
  const [ids, choices] = views[view].place;
  if (!session.instance_admin || !["overview", "sessions"].includes(view)) return formatAddress(view, ids, choices);
  return formatAddress(view, ids, { client: view === "sessions" ? (client ?? session.client) : client, ...choices });
}

/** Lets each link of the navigation lead to what its view showed last. */
function showLinks(view) {
  for (const link of byId("views").querySelectorAll("a")) {
    link.hash = addressOfView(link.dataset.view);
    if (link.dataset.view === view) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const title = (view === "organizations" && organizationsView.title) || TITLES[view];
  document.title = `${title} – orgcache`;
}

/** Notes in the address what the user changed. */
function onChange(isStep) {
  const view = VIEWS.find((one) => !byId(one).hidden);
  changeAddress(addressOfView(view), isStep);
  showLinks(view);
}

/** The address of an organization within this page. */
function addressOf(node) {
  return formatAddress("organizations", [organizations.rows[node].id], {});
}

function loadFigures(background) {
  // The dialog gives the focus back to a button, which must not be drawn anew meanwhile.
  if (!session || document.hidden || byId("confirm").open) return;
  if (!byId("sessions").hidden) sessions.load(background);
  if (!byId("overview").hidden) overview.load(background);
}

/** Shows whether the pinned tree is still the current one, and what changed. */
async function onFreshness(current) {
  setStale(!current);
  if (current || performance.now() - compared < COMPARISONS) return;
  compared = performance.now();
  const mine = generation;
  try {
    const changes = await getInBackground("/v1/session/changes");
    if (mine !== generation) return;
    if (changes.current === false) showChanges(changes);
    else compared = -Infinity;
  } catch (error) {
    if (mine === generation) onError(error);
  }
}

// ---- failures ----

/** Handles a failed request: sign in again, wait for the server, or show its message. */
function onError(error, again) {
  // The request belonged to an earlier session.
  if (error.kind === "outdated") return;
  if (error.kind === "unauthorized") {
    showSignIn("Your session has ended. Sign in again.");
  } else if (error.kind === "unreachable") {
    if (again) afterTrouble = again;
    connection.markLost();
  } else if (error.kind === "refused" && error.status === 403 && session) {
    // Another tab may have signed in: then this page's CSRF value belongs to a session that has ended.
    showTrouble(error.message, "Reload", () => start());
  } else if (error.kind === "refused") {
    showTrouble(error.message, "Dismiss", hideTrouble);
  } else {
    showTrouble("This page failed. Reload it.", "Reload", () => location.reload());
    throw error;
  }
}

function onLost(seconds) {
  showTrouble(`The server does not answer. The next attempt is in ${formatInteger(seconds)} s.`, "Try now", () => connection.checkNow());
}

function onBack() {
  hideTrouble();
  announce("The server answers again.");
  const again = afterTrouble;
  afterTrouble = null;
  if (again) again();
  else showView();
}

// ---- start ----

/** Offers the users of a demonstration as buttons. */
async function offerUsers() {
  if (document.documentElement.dataset.demonstration === undefined) return;
  const { users, first, password } = await get("/page/demonstration.json");
  const signInAs = (user) => {
    byId("sign-in-user").value = user;
    byId("sign-in-password").value = password;
    byId("sign-in").requestSubmit();
  };
  const button = ({ name: user, role }) =>
    element(
      user === first ? "button.primary" : "button",
      { type: "button", "data-user": user, disabled: dropsCookie, onclick: () => signInAs(user) },
      name(user),
      role === user ? null : element("span.note", {}, name(role)),
    );
  const client = users.find((user) => user.name === first)?.client;
  const sorted = users.toSorted((a, b) => (b.client === client) - (a.client === client));
  const groups = [...Map.groupBy(sorted, (user) => user.client)].map(([title, those]) =>
    element("div", {}, element("h3", {}, name(title)), element("div.demonstration-users", {}, ...those.map(button))),
  );
  byId("demonstration").replaceChildren(
    element("h2", { id: "demonstration-title" }, "Demonstration: sign in as"),
    element(
      "p.muted",
      {},
      "orgcache caches the organization tree of an ERP. Each login pins the current version; all sessions on a version share one copy. The password of all users is ",
      element("code", {}, password),
      ". For a first look, sign in as ",
      name(first),
      ".",
    ),
    ...groups,
  );
  byId("demonstration").hidden = false;
}

byId("sign-in").addEventListener("submit", signIn);
byId("sign-out").addEventListener("click", signOut);
byId("refresh").addEventListener("click", refresh);
byId("who-role").addEventListener("change", switchRole);
for (const id of ["client", "sessions-client"]) byId(id).addEventListener("change", chooseClient);
window.addEventListener("hashchange", showView);
setInterval(() => loadFigures(true), FIGURES);
offerUsers().catch(onError);
start();
