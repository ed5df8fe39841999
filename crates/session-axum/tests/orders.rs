//! The example `orders`, tested through its HTTP routes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

#[path = "../examples/orders.rs"]
#[expect(dead_code, reason = "the example's main is not called here")]
mod orders;

const SPAIN: &str = "B843C30461EA4501935CB1D125C9C25A";
const NORTE: &str = "E443A31992CB4635AFCAEABE7183CE85";
const US: &str = "2E60544D37534C0B89E765FE29BC0B43";
const GROUP: &str = "19404EAD144C49A0AF37D54377CF452D";

async fn send(program: &Router, request: (&str, &str), token: &str, body: String) -> (StatusCode, String) {
    let (method, path) = request;
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {token}")).body(Body::from(body)).unwrap();
    let response = program.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn each_user_sees_and_writes_only_permitted_orders() {
    let folder = tempfile::tempdir().unwrap();
    let erp = folder.path().join("erp.db");
    erp_import::demo::create(&erp).await.unwrap();
    let (erp, store) = (
        format!("sqlite:{}", erp.display()),
        format!("sqlite:{}/store.db?mode=rwc", folder.path().display()),
    );
    let program = orders::routes(orders::open(Some(&erp), Some(&store)).await.unwrap());
    let token = async |user: &str| {
        let (status, token) = send(&program, ("POST", "/login"), "", format!("\"{user}\"")).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        token
    };
    let (admin, spain) = (token("F&BAdmin").await, token("F&BESUser").await);
    let add = async |token: &str, org: &str, price_list_org: &str| {
        let order = format!(r#"{{"org": "{org}", "price_list_org": "{price_list_org}"}}"#);
        send(&program, ("POST", "/orders"), token, order).await
    };
    assert_eq!(add(&spain, NORTE, SPAIN).await, (StatusCode::OK, SPAIN.to_owned()));
    assert_eq!(add(&admin, US, US).await, (StatusCode::OK, US.to_owned()));
    for (token, org, price_list, reason) in
        [(&spain, US, US, "write"), (&admin, GROUP, GROUP, "transactions"), (&admin, NORTE, US, "price list")]
    {
        let (status, answer) = add(token, org, price_list).await;
        assert!(status == StatusCode::FORBIDDEN && answer.contains(reason), "{answer}");
    }
    let list = async |token: &str| send(&program, ("GET", "/orders"), token, String::new()).await;
    let (all, spanish) = (list(&admin).await.1, list(&spain).await.1);
    assert!(all.contains(NORTE) && all.contains(US), "{all}");
    assert!(spanish.contains(NORTE) && !spanish.contains(US), "{spanish}");

    let logout = send(&program, ("POST", "/logout"), &spain, String::new()).await;
    assert_eq!(logout.0, StatusCode::NO_CONTENT);
    assert_eq!(list(&spain).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        send(&program, ("POST", "/login"), "", "\"nobody\"".to_owned()).await.0,
        StatusCode::UNAUTHORIZED
    );
}
