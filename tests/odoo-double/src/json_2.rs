//! JSON-2: `/json/2/<model>/<method>`, and the related routes in each version.

use serde_json::{Map, Value, json};

use crate::call::ServerCall;
use crate::exception::OdooException;
use crate::http::{Request, Response};
use crate::routes::{Reply, Task, cookie, html_page};
use crate::state::State;

/// The first version with JSON-2.
const SINCE: u32 = 19;

/// The task of a path that belongs to JSON-2; `None` for the paths of other routes.
pub(crate) fn task(request: &Request, state: &State) -> Option<Task> {
    let version = state.behaviour.version;
    let path = request.path.split('?').next().unwrap_or_default();
    if !path.starts_with("/json/") && path != "/web/version" {
        return None;
    }
    Some(match version {
        // Version 18 has an older route there, for browsers.
        18 if path.starts_with("/json/") => redirect(path),
        ..SINCE => Task::Refused(404),
        _ if matches!(path, "/json/version" | "/web/version") => {
            let told =
                json!({"version_info": [version, 0, 0, "final", 0, ""], "version": format!("{version}.0")});
            Task::Ready(Response::json(200, &told))
        }
        _ => match path.strip_prefix("/json/2/").map(|rest| rest.trim_end_matches('/')) {
            Some(rest) => call(rest, request, state),
            None => redirect(path),
        },
    })
}

fn redirect(path: &str) -> Task {
    let to = format!("/web/login?redirect={}%3F", path.replace('/', "%2F"));
    let mut page = html_page(303, "Redirecting...", "You should be redirected automatically.");
    page.headers.push(("Location", to));
    Task::Ready(page)
}

/// The error page if no database can be determined: the same for a wrong name and for none.
pub(crate) fn no_database() -> Response {
    html_page(
        404,
        "Not Found",
        "No database is selected and the requested URL was not found in the server-wide controllers.</p>\n\n<!-- \
         Alternatively, use the X-Odoo-Database header. --><p>",
    )
}

fn call(rest: &str, request: &Request, state: &State) -> Task {
    let named = request.header("x-odoo-database").filter(|name| !name.is_empty());
    let session = cookie(request).and_then(|cookie| state.sessions.get(&cookie).copied());
    let only = state.behaviour.databases.as_ref().is_some_and(|names| names.as_slice() == ["odoo"]);
    match (named, session) {
        (Some(name), Some(_)) if name != "odoo" => {
            let why = "Cannot use both the session_id cookie and the x-odoo-database header.";
            return Task::Ready(html_page(403, "Forbidden", why));
        }
        (Some(name), None) if name != "odoo" => return Task::Ready(no_database()),
        (None, None) if !only => return Task::Ready(no_database()),
        _ => {}
    }
    let essence = request.header("content-type").and_then(|kind| kind.split(';').next()).map(str::trim);
    if !request.body.is_empty() && essence != Some("application/json") {
        let why = "Request inferred type is compatible with ['http'] but the route is type='json2'.";
        return Task::Ready(html_page(415, "Unsupported Media Type", why));
    }
    let outcome = authenticate(request, session, state).and_then(|user| {
        let body = match serde_json::from_slice(&request.body) {
            // A body that is not an object has no arguments.
            Ok(Value::Object(body)) => body,
            Ok(_) => Map::new(),
            Err(_) if request.body.is_empty() => Map::new(),
            Err(error) => {
                let why = format!("could not parse the body as json: {error}");
                return Err(OdooException::http("BadRequest", why));
            }
        };
        let Some((model, method)) = rest.split_once('/') else {
            return Err(OdooException::http("NotFound", "Did you mean POST /json/2/<model>/<method>?"));
        };
        Ok(ServerCall { user, model: model.into(), method: method.into(), arguments: body })
    });
    Task::Call { reply: Reply::Json2, call: outcome }
}

/// The owner of the key, which is checked before everything else.
fn authenticate(request: &Request, session: Option<i64>, state: &State) -> Result<i64, OdooException> {
    let scheme = |value: &str| value.split_once(' ').map(|(scheme, key)| (scheme.to_owned(), key.to_owned()));
    let key = request.header("authorization").and_then(scheme);
    let key = key.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key);
    let unauthorized = |why: &str| Err(OdooException::http("Unauthorized", why));
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        return unauthorized(match session {
            Some(_) => "Missing \"Authorization\" or Sec-headers for interactive usage.",
            None => "User not authenticated, use an API Key with a Bearer Authorization header.",
        });
    };
    let Some(user) = state.users.iter().find(|user| user.key == key) else {
        return unauthorized("Invalid apikey");
    };
    if session.is_some_and(|session| session != user.id) {
        let why = "Session user does not match the used apikey.";
        return Err(OdooException::new("odoo.exceptions.AccessDenied", why));
    }
    Ok(user.id)
}
