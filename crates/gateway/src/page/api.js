// Requests to the server: the session's cookie goes along by itself, its CSRF value as a header.

/** How long an answer may take, in milliseconds, before the server counts as gone: longer than it allows itself. */
const PATIENCE = 35_000;

/** A request that did not get what it asked for. `kind` says what to do about it. */
export class RequestError extends Error {
  /**
   * @param {"unauthorized" | "outdated" | "unreachable" | "refused"} kind `outdated`: it was for a session that this page no
   * longer has
   * @param {string} message for a person to read
   * @param {{status?: number, field?: string}} details
   */
  constructor(kind, message, { status = 0, field = "" } = {}) {
    super(message);
    this.kind = kind;
    this.status = status;
    this.field = field;
  }
}

let csrf = "";
/** Counts the sessions of this page. */
let sessions = 0;
/** Settles when no request is under way that puts another session in the place of this one. */
let exchanging = Promise.resolve();

/** Remembers the value that proves to the server that a request comes from this page. Each session has another. */
export function rememberCsrf(value) {
  if (csrf !== (value ?? "")) sessions += 1;
  csrf = value ?? "";
}

/** Asks for a resource. */
export function get(path, signal) {
  return send("GET", path, undefined, signal);
}

/** Asks for a resource without being told to by anybody: that keeps no session alive. */
export function look(path) {
  return send("GET", path, undefined, undefined, { "x-orgcache-background": "1" });
}

/** Sends `body` as JSON. */
export function post(path, body = {}, signal) {
  return send("POST", path, body, signal);
}

/** Asks for another session in the place of this one, which ends. */
export function exchange(path, body = {}) {
  const answer = send("POST", path, body, undefined, {}, true).then((content) => {
    rememberCsrf(content.csrf);
    return content;
  });
  exchanging = answer.then(() => {}, () => {});
  return answer;
}

/** Ends what `path` names. */
export function remove(path) {
  return send("DELETE", path);
}

async function send(method, path, body, signal, further = {}, isExchange = false) {
  const mine = sessions;
  const headers = { accept: "application/json", ...further };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf !== "") headers["x-orgcache-csrf"] = csrf;
  const timeout = AbortSignal.timeout(PATIENCE);
  let response;
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    text = await response.text();
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new RequestError("unreachable", "The server does not answer.");
  }
  const content = parse(text);
  if (response.ok) {
    if (content === undefined && text !== "") {
      throw new RequestError("unreachable", "Something else than the server answered.");
    }
    return content;
  }
  if (response.status === 401 && !isExchange) {
    // The exchange ends the session that this was for, perhaps before its own answer is here.
    await exchanging;
    if (mine !== sessions) throw new RequestError("outdated", "The session has changed.", { status: 401 });
  }
  throw refusal(response, content);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(response, problem) {
  const { status } = response;
  const said = sentence(problem?.detail || problem?.title || `The server answered with status ${status}.`);
  const details = { status, field: problem?.field };
  // Something in between may ask for credentials of its own.
  if (status === 401 && problem?.type === "urn:orgcache:problem:unauthorized") {
    return new RequestError("unauthorized", said, details);
  }
  // What stands between the browser and a server that is down answers with these.
  if (status === 502 || status === 503 || status === 504) {
    return new RequestError("unreachable", "The server is not ready.", details);
  }
  const wait = Number(response.headers.get("retry-after"));
  const advice = status === 429 && wait > 0 ? ` Try again in ${wait} s.` : "";
  return new RequestError("refused", said + advice, details);
}

/** The server's messages are clauses; on the page they stand alone. */
function sentence(text) {
  const clause = String(text).trim();
  const end = /[.!?]$/u.test(clause) ? "" : ".";
  return clause.charAt(0).toUpperCase() + clause.slice(1) + end;
}
