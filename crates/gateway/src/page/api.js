// Requests to the server. The browser adds the session's cookie; this file adds the CSRF value.

/** Milliseconds until the server counts as unreachable: more than the server's own time limit. */
const TIMEOUT = 35_000;

/** A failed request. `kind` says what to do about it. */
export class RequestError extends Error {
  /**
   * @param {"unauthorized" | "outdated" | "unreachable" | "refused"} kind `outdated`: it belonged to an
   * earlier session of this page
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
let sessionNumber = 0;
/** Settles when no request is in flight that replaces the session. */
let pendingExchange = Promise.resolve();

/** Remembers the session's CSRF value, which proves that a request comes from this page. */
export function rememberCsrf(value) {
  if (csrf !== (value ?? "")) sessionNumber += 1;
  csrf = value ?? "";
}

/** Requests a resource. */
export function get(path, signal) {
  return send("GET", path, undefined, signal);
}

/** Requests a resource without an action of the user, so that it does not count as use of the session. */
export function getInBackground(path) {
  return send("GET", path, undefined, undefined, { "x-orgcache-background": "1" });
}

/** Sends `body` as JSON. */
export function post(path, body = {}, signal) {
  return send("POST", path, body, signal);
}

/** Replaces the session: the server ends this one and returns another. */
export function exchangeSession(path, body = {}) {
  const answer = send("POST", path, body, undefined, {}, true).then((content) => {
    rememberCsrf(content.csrf);
    return content;
  });
  pendingExchange = answer.then(() => {}, () => {});
  return answer;
}

/** Deletes a resource. */
export function remove(path) {
  return send("DELETE", path);
}

async function send(method, path, body, signal, extraHeaders = {}, isExchange = false) {
  const asked = sessionNumber;
  const headers = { accept: "application/json", ...extraHeaders };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf !== "") headers["x-orgcache-csrf"] = csrf;
  const timeout = AbortSignal.timeout(TIMEOUT);
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
      throw new RequestError("unreachable", "A proxy answered in place of the server.");
    }
    return content;
  }
  if (response.status === 401 && !isExchange) {
    // The exchange ends the session that this request was for, perhaps before its own answer arrives.
    await pendingExchange;
    if (asked !== sessionNumber) throw new RequestError("outdated", "The session has changed.", { status: 401 });
  }
  throw errorFrom(response, content);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorFrom(response, problem) {
  const { status } = response;
  const message = asSentence(problem?.detail || problem?.title || `The server answered with status ${status}.`);
  const details = { status, field: problem?.field };
  // A proxy may ask for credentials of its own: that is not the end of the session.
  if (status === 401 && problem?.type === "urn:orgcache:problem:unauthorized") {
    return new RequestError("unauthorized", message, details);
  }
  // A proxy answers with these while the server is down.
  if (status === 502 || status === 503 || status === 504) {
    return new RequestError("unreachable", "The server is not ready.", details);
  }
  const wait = Number(response.headers.get("retry-after"));
  const advice = status === 429 && wait > 0 ? ` Try again in ${wait} s.` : "";
  return new RequestError("refused", message + advice, details);
}

/** The server's messages are clauses in lower case without a full stop. */
function asSentence(text) {
  const clause = String(text).trim();
  const end = /[.!?]$/u.test(clause) ? "" : ".";
  return clause.charAt(0).toUpperCase() + clause.slice(1) + end;
}
