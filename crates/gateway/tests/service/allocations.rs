//! What the service allocates for a request, apart from the connection that brings it.

use std::convert::Infallible;

use allocation_counter::{AllocationInfo, measure};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use tower::Service as _;

use crate::service::{ADMIN, NORTE, Service};

/// The router's own allocations for a request that it answers at once, from memory.
fn allocated(router: &mut axum::Router, request: Request<Body>) -> AllocationInfo {
    let mut answered: Option<Result<Response, Infallible>> = None;
    let counted = measure(|| answered = router.call(request).now_or_never());
    assert_eq!(answered.unwrap().unwrap().status(), StatusCode::OK);
    counted
}

#[tokio::test]
async fn a_question_allocates_little() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let mut router = gateway::http::router(&service.gateway);
    let question = format!("call=is_in_natural_tree&org1=0&org2={NORTE}");
    let by_address = || {
        let request = Request::get(format!("/v1/questions?{question}"));
        request.header("host", "localhost").header("authorization", format!("Bearer {token}"))
    };
    // The first request begins what is counted by route.
    allocated(&mut router, by_address().body(Body::empty()).unwrap());
    let counted = allocated(&mut router, by_address().body(Body::empty()).unwrap());
    assert!(counted.count_total <= 16, "{counted:?}");
    // glibc keeps what is up to a kilobyte by thread, so a future must not be larger.
    assert!(counted.bytes_total <= 4_000, "{counted:?}");
}
