//! `until`: waits for a condition, with a bound that suits busy machines.

use std::time::{Duration, Instant};

/// Upper bound for a wait, far longer than any of them takes.
const BOUND: Duration = Duration::from_secs(90);

/// Polls the condition until it holds.
pub(crate) async fn until(what: &str, mut is_met: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_met().await {
        assert!(began.elapsed() < BOUND, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
