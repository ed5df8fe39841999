//! An axum program with the layer in front of its own routes.
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

/// Two companies, of which the user has one.
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
    async fn how(credential: Credential) -> String {
        credential.is_by_cookie().to_string()
    }
    Router::new()
        .route("/may-read", get(may_read))
        .route("/how", post(how))
        .route_layer(SessionLayer::new(manager.clone()))
        .route("/forgotten", get(may_read))
}

/// The status, the kind and the text of an answer.
async fn ask(
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
    let kind = parts.headers["content-type"].to_str().unwrap().to_owned();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    (parts.status, kind, text)
}

#[tokio::test]
async fn a_handler_is_given_its_session() {
    let manager = manager();
    let bearer = format!("Bearer {}", token(&manager).await.expose());
    let (status, _, text) = ask(&manager, "GET", "/may-read", &[("authorization", &bearer)]).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "false true"));
    assert_eq!(ask(&manager, "POST", "/how", &[("authorization", &bearer)]).await.2, "false");
}

#[tokio::test]
async fn requests_without_a_session_are_refused() {
    let manager = manager();
    let ended = token(&manager).await;
    manager.logout(&ended).await.unwrap();
    let (ended, forged) = (format!("Bearer {}", ended.expose()), format!("Bearer {}", "0".repeat(64)));
    for headers in [vec![], vec![("authorization", ended.as_str())], vec![("authorization", forged.as_str())]]
    {
        let (status, kind, text) = ask(&manager, "GET", "/may-read", &headers).await;
        assert_eq!((status, kind.as_str()), (StatusCode::UNAUTHORIZED, "application/problem+json"));
        let body = r#"{"type":"urn:orgcache:problem:unauthorized","title":"Unauthorized","status":401,"#;
        assert_eq!(text, format!(r#"{body}"detail":"log in first, or again"}}"#));
    }
}

#[tokio::test]
async fn a_cookie_alone_changes_nothing() {
    let manager = manager();
    let token = token(&manager).await;
    let (cookie, csrf) = (format!("a=b; orgcache_session={}", token.expose()), csrf_value(&token));
    assert_eq!(ask(&manager, "GET", "/may-read", &[("cookie", &cookie)]).await.0, StatusCode::OK);
    assert_eq!(ask(&manager, "POST", "/how", &[("cookie", &cookie)]).await.0, StatusCode::FORBIDDEN);
    let headers = [("cookie", cookie.as_str()), ("x-orgcache-csrf", &csrf)];
    let (status, _, text) = ask(&manager, "POST", "/how", &headers).await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "true"));
}

#[tokio::test]
async fn a_route_without_the_layer_refuses_all_requests() {
    let manager = manager();
    let bearer = format!("Bearer {}", token(&manager).await.expose());
    let (status, ..) = ask(&manager, "GET", "/forgotten", &[("authorization", &bearer)]).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
}
