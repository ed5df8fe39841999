//! The page at `/`: files embedded in the program and sent as they are. There is no build step.

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tower::Layer;

use crate::http::{PathService, RespondLayer, Settings, endpoint};

/// The content security policy: only the page's own files are loaded and run, no page may frame it, and
/// scripts cannot create markup from text.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const HTML: &str = "text/html; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const JSON: &str = "application/json";
const IMAGE: &str = "image/svg+xml";

/// The path, media type and content of each file.
const FILES: [(&str, &str, &str); 24] = [
    ("/", HTML, include_str!("index.html")),
    ("/page/style.css", STYLE, include_str!("style.css")),
    ("/page/icon.svg", IMAGE, include_str!("icon.svg")),
    ("/page/app.js", SCRIPT, include_str!("app.js")),
    ("/page/address.js", SCRIPT, include_str!("address.js")),
    ("/page/api.js", SCRIPT, include_str!("api.js")),
    ("/page/baselines.js", SCRIPT, include_str!("baselines.js")),
    ("/page/chooser.js", SCRIPT, include_str!("chooser.js")),
    ("/page/connection.js", SCRIPT, include_str!("connection.js")),
    ("/page/details.js", SCRIPT, include_str!("details.js")),
    ("/page/dom.js", SCRIPT, include_str!("dom.js")),
    ("/page/icicle.js", SCRIPT, include_str!("icicle.js")),
    ("/page/memory_chart.js", SCRIPT, include_str!("memory_chart.js")),
    ("/page/notices.js", SCRIPT, include_str!("notices.js")),
    ("/page/organizations.js", SCRIPT, include_str!("organizations.js")),
    ("/page/organizations_view.js", SCRIPT, include_str!("organizations_view.js")),
    ("/page/overview.js", SCRIPT, include_str!("overview.js")),
    ("/page/refer.js", SCRIPT, include_str!("refer.js")),
    ("/page/roles.js", SCRIPT, include_str!("roles.js")),
    ("/page/row.js", SCRIPT, include_str!("row.js")),
    ("/page/sessions.js", SCRIPT, include_str!("sessions.js")),
    ("/page/sparkline.js", SCRIPT, include_str!("sparkline.js")),
    ("/page/timeline.js", SCRIPT, include_str!("timeline.js")),
    ("/page/tree.js", SCRIPT, include_str!("tree.js")),
];

/// The routes of the page's files, which need no session.
///
/// If cookies are `Secure`, an attribute of the page says so, so that its scripts can detect that a browser
/// would drop them. The page of a demonstration has another attribute, and a file with its users.
pub(crate) fn routes(settings: &Settings, respond: &RespondLayer) -> Router {
    let demonstration = settings.demonstration.as_ref();
    let users = demonstration.map(|users| serde_json::to_vec(users).unwrap_or_default());
    let marks = [(settings.secure, " data-cookies=\"secure\""), (users.is_some(), " data-demonstration")];
    let marks: String = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| *mark).collect();
    let files = FILES.into_iter().map(|(path, media_type, content)| {
        let content = match media_type {
            HTML => content.replace("<html", &format!("<html{marks}")).into(),
            _ => Bytes::from_static(content.as_bytes()),
        };
        (path, media_type, content)
    });
    let users = users.map(|users| ("/page/demonstration.json", JSON, Bytes::from(users)));
    files.chain(users).fold(Router::new(), |router, (path, media_type, content)| {
        // A weak tag, because the same file may be sent with different encodings.
        let tag = format!("W/\"{}\"", blake3::hash(&content).to_hex());
        let answer = async move |request: Request| file(request.headers(), media_type, content.clone(), &tag);
        let respond = respond.for_route(path);
        let endpoint = endpoint(respond.layer(answer.with_state(())));
        PathService::new(respond, [(Method::GET, endpoint)]).add_to(router, path)
    })
}

/// Answers with a file, or with 304 if the browser has it. Browsers revalidate each time, so that a new
/// version is used at once.
fn file(asked: &HeaderMap, media_type: &'static str, content: Bytes, tag: &str) -> Response {
    let is_known = asked.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { content.into_response() };
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        // Needed for a 304 too, because a cache may have the file from another browser.
        (VARY, "accept-encoding"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(tag) {
        headers.insert(ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_refer_only_to_existing_files_of_the_page() {
        let paths: Vec<_> = FILES.iter().map(|(path, ..)| *path).collect();
        let mut asked = 0;
        for (file, _, content) in FILES {
            for mark in ["src=\"", "href=\"", "} from \""] {
                for reference in content.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
                    asked += 1;
                    assert!(
                        reference.starts_with('#') || paths.contains(&reference),
                        "{file} asks for {reference}"
                    );
                }
            }
        }
        assert!(asked > 20, "only {asked} references were found");
    }

    #[test]
    fn the_files_comply_with_the_policy() {
        for (path, media_type, content) in FILES {
            for forbidden in
                [" style=\"", " onclick=\"", "<style", "innerHTML", "insertAdjacentHTML", "eval("]
            {
                assert!(!content.contains(forbidden), "{path} has `{forbidden}`");
            }
            let scripts = content.matches("<script").count();
            assert!(media_type != HTML || scripts == 1, "{path} has {scripts} scripts");
        }
    }

    #[test]
    fn an_unchanged_file_gets_a_304() {
        let first = file(&HeaderMap::new(), SCRIPT, Bytes::from_static(b"content"), "W/\"tag\"");
        assert_eq!(first.status(), StatusCode::OK);
        let asked = HeaderMap::from_iter([(IF_NONE_MATCH, first.headers().get(ETAG).unwrap().clone())]);
        let known = file(&asked, SCRIPT, Bytes::from_static(b"content"), "W/\"tag\"");
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(known.headers().get(VARY).unwrap(), "accept-encoding");
        assert_eq!(
            file(&asked, SCRIPT, Bytes::from_static(b"content"), "W/\"other\"").status(),
            StatusCode::OK
        );
        assert_eq!(first.headers().get(CONTENT_SECURITY_POLICY).unwrap(), POLICY);
        assert_eq!(first.headers().get_all(CONTENT_TYPE).iter().collect::<Vec<_>>(), [SCRIPT]);
    }
}
