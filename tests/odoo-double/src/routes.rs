//! The routes and their answers.

#![expect(
    clippy::indexing_slicing,
    reason = "a json value is null where it has nothing: indexing it never panics"
)]

use serde_json::{Map, Value, json};

use crate::behaviour::values;
use crate::call::{Route, ServerCall};
use crate::exception::OdooException;
use crate::http::{Request, Response};
use crate::json_2;
use crate::state::State;
use crate::xml_rpc;

/// A parsed request.
#[derive(Debug)]
pub(crate) enum Task {
    /// `common.version`, or another request that only shows that the server is alive.
    Version(Value),
    /// `common.authenticate`, or the route that opens a session.
    Authenticate { id: Value, session: bool, database: String, login: String, password: String },
    /// A call on a model, or the reason for its refusal.
    Call { reply: Reply, call: Result<ServerCall, OdooException> },
    /// The session ends.
    Destroy { id: Value, cookie: Option<String> },
    /// The models that the add-on `mcp_server` allows, or the operations allowed on one of them.
    Rules { user: Option<i64>, model: Option<String> },
    /// The owner of the API key, according to the add-on.
    Owner { user: Option<i64> },
    /// The same task, answered in XML.
    InXml(Box<Task>),
    /// `db.list`, or the equivalent on its own route.
    Databases(Value),
    /// An unknown route, or a malformed request.
    Refused(u16),
    /// A prepared answer, independent of the state.
    Ready(Response),
}

/// The form of a call's answer.
#[derive(Debug)]
pub(crate) enum Reply {
    /// JSON-RPC; with this cookie if in a session.
    JsonRpc {
        id: Value,
        cookie: Option<String>,
    },
    Json2,
}

impl Reply {
    fn route(&self) -> Route {
        match self {
            Reply::JsonRpc { cookie: None, .. } => Route::Stateless,
            Reply::JsonRpc { cookie: Some(_), .. } => Route::Session,
            Reply::Json2 => Route::Json2,
        }
    }
}

impl Task {
    /// The task, regardless of the form of its answer.
    pub(crate) fn core(&self) -> &Task {
        match self {
            Task::InXml(task) => task,
            task => task,
        }
    }

    /// The name of this task's delay.
    pub(crate) fn method(&self) -> &str {
        match self.core() {
            Task::Version(_) => "version",
            Task::Authenticate { .. } => "login",
            Task::Call { call: Ok(call), .. } => &call.method,
            _ => "",
        }
    }

    /// Parses a request.
    pub(crate) fn for_request(request: &Request, state: &State) -> Task {
        if let Some(to) = &state.behaviour.redirect {
            let mut page = html_page(301, "Moved Permanently", "The page is elsewhere.");
            page.headers.push(("Location", to.clone()));
            return Task::Ready(page);
        }
        if request.path == "/mcp/auth/validate" {
            return Task::Owner { user: agent(request, state) };
        }
        if let Some(rest) = request.path.strip_prefix("/mcp/models") {
            let model = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix("/access"));
            return Task::Rules { user: agent(request, state), model: model.map(str::to_owned) };
        }
        if let Some(service) = xml_service(&request.path) {
            return in_xml(service, request, state);
        }
        if let Some(task) = json_2::task(request, state) {
            return task;
        }
        let version = state.behaviour.version;
        let body = match serde_json::from_slice::<Value>(&request.body) {
            _ if request.header("content-encoding").is_some() => return Task::Refused(400),
            Ok(Value::Object(body)) => body,
            _ if version < 18 || request.path == "/jsonrpc" => return Task::Refused(400),
            Ok(_) => return misunderstood("builtins.TypeError", "list indices must be integers", version),
            Err(error) => {
                return misunderstood("json.decoder.JSONDecodeError", &error.to_string(), version);
            }
        };
        let id = body.get("id").cloned().unwrap_or_default();
        let params = body.get("params").cloned().unwrap_or_default();
        let cookie = cookie(request);
        match request.path.as_str() {
            "/jsonrpc" => stateless(id, &params, state),
            "/web/webclient/version_info" => Task::Version(id),
            "/web/session/authenticate" => Task::Authenticate {
                id,
                session: true,
                database: text(&params["db"]),
                login: text(&params["login"]),
                password: text(&params["password"]),
            },
            "/web/dataset/call_kw" => {
                let user = cookie.as_ref().and_then(|cookie| state.sessions.get(cookie).copied());
                let several = state.behaviour.databases.as_ref().is_some_and(|names| names.len() > 1);
                if user.is_none() && several {
                    // The session determines the database, and there is no session.
                    return Task::Ready(json_2::no_database());
                }
                if request.header("x-odoo-database").is_some_and(|name| name != "odoo") && version >= 19 {
                    let why = "Cannot use both the session_id cookie and the x-odoo-database header.";
                    return Task::Ready(html_page(403, "Forbidden", why));
                }
                let call = user.ok_or_else(OdooException::session_expired).map(|user| {
                    let (args, kwargs) = (list(&params["args"]), object(&params["kwargs"]));
                    ServerCall::new(
                        user,
                        &text(&params["model"]),
                        &text(&params["method"]),
                        &args,
                        &kwargs,
                        version,
                    )
                });
                Task::Call { reply: Reply::JsonRpc { id, cookie }, call }
            }
            "/web/database/list" => Task::Databases(id),
            "/web/session/destroy" => Task::Destroy { id, cookie },
            _ => Task::Refused(404),
        }
    }
}

/// The user of the add-on: by API key, or by session.
fn agent(request: &Request, state: &State) -> Option<i64> {
    let by_key = |key: &str| state.users.iter().find(|user| user.key == key).map(|user| user.id);
    let in_session = || state.sessions.get(&cookie(request)?).copied();
    request.header("x-api-key").and_then(by_key).or_else(in_session)
}

fn stateless(id: Value, params: &Value, state: &State) -> Task {
    let args = list(&params["args"]);
    let text_at = |position: usize| args.get(position).map(text).unwrap_or_default();
    match (text(&params["service"]).as_str(), text(&params["method"]).as_str()) {
        ("common", "version") => Task::Version(id),
        ("common", "authenticate") => Task::Authenticate {
            id,
            session: false,
            database: text_at(0),
            login: text_at(1),
            password: text_at(2),
        },
        ("object", "execute_kw") => {
            let user = args.get(1).and_then(Value::as_i64).unwrap_or_default();
            let known = state.users.iter().any(|it| it.id == user && it.accepts(&text_at(2), false));
            let call = if text_at(0) != "odoo" {
                Err(unknown_database(&text_at(0)))
            } else if known {
                let (positional, named) = (args.get(5).map(list), args.get(6).map(object));
                let positional = positional.unwrap_or_default();
                let named = named.unwrap_or_default();
                let version = state.behaviour.version;
                Ok(ServerCall::new(user, &text_at(3), &text_at(4), &positional, &named, version))
            } else {
                Err(OdooException::access_denied())
            };
            Task::Call { reply: Reply::JsonRpc { id, cookie: None }, call }
        }
        ("db", "list") => Task::Databases(id),
        _ => Task::Refused(400),
    }
}

/// The service behind a route of XML-RPC: Odoo's own, or the add-on's.
fn xml_service(path: &str) -> Option<&'static str> {
    Some(match path {
        "/xmlrpc/db" => "db",
        "/xmlrpc/2/common" | "/mcp/xmlrpc/common" => "common",
        "/xmlrpc/2/object" | "/mcp/xmlrpc/object" => "object",
        _ => return None,
    })
}

/// An XML-RPC call wraps the stateless JSON-RPC call.
fn in_xml(service: &str, request: &Request, state: &State) -> Task {
    match xml_rpc::parse(&request.body) {
        Some((method, args)) => {
            let params = json!({"service": service, "method": method, "args": args});
            Task::InXml(Box::new(stateless(Value::Null, &params, state)))
        }
        None => Task::Refused(400),
    }
}

/// The answer to a request that is not a call, since version 18.
fn misunderstood(class: &str, message: &str, version: u32) -> Task {
    Task::Ready(error(&Value::Null, &OdooException::new(class, message), version))
}

/// The database server's error message, with its address.
fn unknown_database(name: &str) -> OdooException {
    let message = format!(
        "connection to server at \"127.0.0.1\", port 54329 failed: FATAL:  database \"{name}\" does not exist\n"
    );
    OdooException::new("psycopg2.OperationalError", message)
}

/// Executes a task.
pub(crate) fn carry_out(task: &Task, state: &mut State) -> Response {
    match task {
        Task::Refused(status) => Response::html(*status),
        Task::Ready(response) => response.clone(),
        Task::InXml(task) => {
            let response = carry_out(task, state);
            match serde_json::from_slice(&response.body) {
                Ok(answer) => {
                    Response { values: response.values, ..Response::xml(&xml_rpc::answer(&answer)) }
                }
                Err(_) => response,
            }
        }
        Task::Databases(id) => match &state.behaviour.databases {
            Some(names) => result(id, &json!(names)),
            None => error(id, &OdooException::access_denied(), state.behaviour.version),
        },
        Task::Owner { user } => match (&state.rules, user) {
            (None, _) => Response::html(404),
            (Some(_), None) => refusal(401, "Invalid or expired API key"),
            (Some(_), Some(user)) => success(&json!({"valid": true, "user_id": user})),
        },
        Task::Rules { user, model } => rules(*user, model.as_deref(), state),
        Task::Version(id) => {
            let major = state.behaviour.version;
            result(
                id,
                &json!({
                    "server_version": format!("{major}.0"),
                    "server_version_info": [major, 0, 0, "final", 0, ""],
                    "server_serie": format!("{major}.0"),
                    "protocol_version": 1,
                }),
            )
        }
        Task::Authenticate { id, session, database, login, password } => {
            state.logins += 1;
            let version = state.behaviour.version;
            if database != "odoo" {
                let hidden = *session && state.behaviour.database_filter;
                let failure = match hidden {
                    true => OdooException::access("Database not found."),
                    false => unknown_database(database),
                };
                return error(id, &failure, version);
            }
            if *session && state.too_many_failed_logins() {
                let why = "Too many login failures, please wait a bit before trying again.";
                return error(id, &OdooException::new("odoo.exceptions.AccessDenied", why), version);
            }
            let known = state.users.iter().find(|it| it.login == *login && it.accepts(password, *session));
            let known = known.map(|user| user.id);
            if *session {
                state.note_login(known.is_some());
            }
            match (known, *session) {
                (Some(user), false) => result(id, &user.into()),
                (None, false) => result(id, &Value::Bool(false)),
                (None, true) => error(id, &OdooException::access_denied(), version),
                (Some(_), true) if state.behaviour.second_factor => result(id, &json!({"uid": null})),
                (Some(user), true) => {
                    let mut response = result(
                        id,
                        &json!({
                            "uid": user, "db": database, "username": login,
                            "server_version_info": [state.behaviour.version, 0, 0, "final", 0, ""],
                            "user_context": {"lang": "en_US", "tz": "Europe/Brussels", "uid": user},
                        }),
                    );
                    let session = state.open_session(user);
                    if version >= 19 {
                        // The same cookie twice.
                        response.headers.push(("Set-Cookie", session.clone()));
                    }
                    response.headers.push(("Set-Cookie", session));
                    response
                }
            }
        }
        Task::Destroy { id, cookie } => {
            state.sessions.retain(|known, _| Some(known) != cookie.as_ref());
            result(id, &Value::Null)
        }
        Task::Call { reply, call } => {
            let outcome = call.clone().and_then(|call| state.answer(&call, reply.route()));
            let version = state.behaviour.version;
            let values = outcome.as_ref().map_or(0, values);
            let response = match (reply, outcome) {
                (Reply::Json2, Ok(value)) => Response::json(200, &value),
                (Reply::Json2, Err(failure)) => {
                    let (status, body) = failure.json_2();
                    let mut response = Response::json(status, &body);
                    if status == 401 {
                        response.headers.push(("WWW-Authenticate", "Bearer ".into()));
                    }
                    response
                }
                (Reply::JsonRpc { id, cookie }, outcome) => {
                    let mut response = match &outcome {
                        Ok(value) => result(id, value),
                        Err(failure) => error(id, failure, version),
                    };
                    if let (true, Some(_), Ok(call)) = (state.behaviour.rotate_cookie, cookie, call) {
                        state.end_old_sessions(call.user);
                        response.headers.push(("Set-Cookie", state.open_session(call.user)));
                    }
                    response
                }
            };
            Response { values, ..response }
        }
    }
}

fn rules(user: Option<i64>, model: Option<&str>, state: &State) -> Response {
    let Some(rules) = &state.rules else { return Response::html(404) };
    match (user, model) {
        (None, _) => refusal(401, "Authentication required"),
        (Some(_), None) => {
            let models =
                rules.iter().map(|(model, _)| json!({"model": model, "name": format!("Label of {model}")}));
            success(&json!({"models": models.collect::<Vec<_>>()}))
        }
        (Some(_), Some(model)) => match rules.iter().find(|(known, _)| known == model) {
            None if state.models.contains_key(model) => {
                refusal(403, &format!("Model '{model}' is not enabled for MCP access."))
            }
            None => refusal(404, "Model not found"),
            Some((_, operations)) => {
                let allowed = |name: &str| operations.contains(&name);
                let each =
                    ["read", "write", "create", "unlink"].map(|name| (name.to_owned(), allowed(name).into()));
                let operations = Value::Object(each.into_iter().collect());
                success(&json!({"model": model, "enabled": true, "operations": operations}))
            }
        },
    }
}

fn success(data: &Value) -> Response {
    Response::json(200, &json!({"success": true, "data": data}))
}

fn refusal(status: u16, message: &str) -> Response {
    Response::json(status, &json!({"success": false, "error": {"message": message, "code": status}}))
}

pub(crate) fn result(id: &Value, value: &Value) -> Response {
    // Omit null values.
    match value {
        Value::Null => Response::json(200, &json!({"jsonrpc": "2.0", "id": id})),
        value => Response::json(200, &json!({"jsonrpc": "2.0", "id": id, "result": value})),
    }
}

fn error(id: &Value, failure: &OdooException, version: u32) -> Response {
    let id = if failure.is_without_id() { &Value::Null } else { id };
    Response::json(200, &json!({"jsonrpc": "2.0", "id": id, "error": failure.json_rpc(version)}))
}

/// An HTML page.
pub(crate) fn html_page(status: u16, title: &str, text: &str) -> Response {
    let body = format!("<!doctype html>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n");
    Response { body: body.into_bytes(), ..Response::html(status) }
}

pub(crate) fn cookie(request: &Request) -> Option<String> {
    let pairs = request.header("cookie")?.split(';');
    pairs.filter_map(|pair| pair.trim().strip_prefix("session_id=")).map(str::to_owned).next()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_default()
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
