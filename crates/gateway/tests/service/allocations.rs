//! Allocations per request, without those of the connection.

use std::convert::Infallible;

use allocation_counter::{AllocationInfo, measure};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use futures_util::FutureExt;
use gateway::http::Routes;

use crate::service::{ADMIN, NORTE, Service};

/// Counts the service's allocations for a request that it answers from memory, without waiting.
fn count_allocations(routes: &Routes, request: Request<Body>) -> AllocationInfo {
    let mut answered: Option<Result<Response, Infallible>> = None;
    let counted = measure(|| answered = routes.answer(request).now_or_never());
    assert_eq!(answered.unwrap().unwrap().status(), StatusCode::OK);
    counted
}

#[tokio::test]
async fn a_question_makes_few_allocations() {
    let service = Service::start().await;
    let token = service.token(ADMIN).await;
    let routes = Routes::new(&service.gateway);
    let question = format!("call=is_in_natural_tree&org1=0&org2={NORTE}");
    let by_get = || {
        let request = Request::get(format!("/v1/questions?{question}"));
        request.header("host", "localhost").header("authorization", format!("Bearer {token}"))
    };
    // The first request creates the route's metric series.
    count_allocations(&routes, by_get().body(Body::empty()).unwrap());
    let counted = count_allocations(&routes, by_get().body(Body::empty()).unwrap());
    assert!(counted.count_total <= 13, "{counted:?}");
    // glibc caches blocks of up to a kilobyte per thread, so no future may be larger.
    assert!(counted.bytes_total <= 4_000, "{counted:?}");
}
