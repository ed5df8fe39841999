//! The layer and the extractors in an axum program.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use org_structure::{OrgRow, OrgStructure};
use session::{
    ClientId, CompanyFacts, Facts, LoadedTree, MemoryStore, Options, OrgSource, PortError, Principal,
    Revision, RoleId, SessionManager, Token, UserId, async_trait,
};
use session_axum::{Credential, CurrentSession, SessionLayer, csrf_value};
use tower::ServiceExt;

/// Two companies; the user has access to one of them.
#[derive(Debug)]
struct Companies;

#[async_trait]
impl OrgSource for Companies {
    async fn revision(&self, _: &ClientId) -> Result<Option<Revision>, PortError> {
        Ok(Some(Revision::from_bits(1)))
    }

    async fn load_tree(&self, _: &ClientId) -> Result<LoadedTree, PortError> {
        let rows = [OrgRow::new("1"), OrgRow::new("2").under("1")];
        let built = OrgStructure::build(rows).map_err(PortError::permanent)?;
        Ok(LoadedTree::new(built.structure, Some(Revision::from_bits(1))).with_findings(built.findings))
    }

    async fn facts(&self, _: &Principal) -> Result<Facts, PortError> {
        let company = "2".parse().map_err(PortError::permanent)?;
        let (client, role, companies) = (ClientId::ZERO, RoleId::ZERO, vec![company]);
        Ok(Facts::Companies(Some(CompanyFacts { client, role, companies, default: company })))
    }
}

fn manager() -> SessionManager {
    SessionManager::new(Arc::new(Companies), Arc::new(MemoryStore::default()), Options::default())
}

async fn token(manager: &SessionManager) -> Token {
    manager.login(Principal::new(UserId::ZERO)).await.unwrap().token
}

fn program(manager: &SessionManager) -> Router {
    async fn may_read(CurrentSession(session): CurrentSession) -> String {
        format!("{} {}", session.can_read("1"), session.can_read("2"))
    }
    async fn is_by_cookie(credential: Credential) -> String {
        credential.is_by_cookie().to_string()
    }
    Router::new()
        .route("/may-read", get(may_read))
        .route("/is-by-cookie", post(is_by_cookie))
        .route_layer(SessionLayer::new(manager.clone()))
        .route("/without-layer", get(may_read))
}

/// Sends a request; returns the status, the content type and the body of the response.
async fn send(
    manager: &SessionManager,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, String, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = program(manager).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let content_type = parts.headers["content-type"].to_str().unwrap().to_owned();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, content_type, text)
}

#[tokio::test]
async fn the_extractor_passes_the_session_to_the_handler() {
    let manager = manager();
    let bearer = format!("Bearer {}", token(&manager).await.expose());
    let (status, _, text) = send(&manager, "GET", "/may-read", &[("authorization", &bearer)]).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "false true"));
    assert_eq!(send(&manager, "POST", "/is-by-cookie", &[("authorization", &bearer)]).await.2, "false");
}

#[tokio::test]
async fn requests_without_a_live_session_get_a_401() {
    let manager = manager();
    let ended = token(&manager).await;
    manager.logout(&ended).await.unwrap();
    let (ended, forged) = (format!("Bearer {}", ended.expose()), format!("Bearer {}", "0".repeat(64)));
    for headers in [vec![], vec![("authorization", ended.as_str())], vec![("authorization", forged.as_str())]]
    {
        let (status, content_type, text) = send(&manager, "GET", "/may-read", &headers).await;
        assert_eq!((status, content_type.as_str()), (StatusCode::UNAUTHORIZED, "application/problem+json"));
        let body = r#"{"type":"urn:orgcache:problem:unauthorized","title":"Unauthorized","status":401,"#;
        assert_eq!(text, format!(r#"{body}"detail":"no valid session: log in"}}"#));
    }
}

#[tokio::test]
async fn a_cookie_with_an_unsafe_method_needs_the_csrf_header() {
    let manager = manager();
    let token = token(&manager).await;
    let (cookie, csrf) = (format!("a=b; orgcache_session={}", token.expose()), csrf_value(&token));
    assert_eq!(send(&manager, "GET", "/may-read", &[("cookie", &cookie)]).await.0, StatusCode::OK);
    assert_eq!(
        send(&manager, "POST", "/is-by-cookie", &[("cookie", &cookie)]).await.0,
        StatusCode::FORBIDDEN
    );
    let headers = [("cookie", cookie.as_str()), ("x-orgcache-csrf", &csrf)];
    let (status, _, text) = send(&manager, "POST", "/is-by-cookie", &headers).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "true"));
}

#[tokio::test]
async fn a_route_without_the_layer_answers_500() {
    let manager = manager();
    let bearer = format!("Bearer {}", token(&manager).await.expose());
    let (status, ..) = send(&manager, "GET", "/without-layer", &[("authorization", &bearer)]).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}
