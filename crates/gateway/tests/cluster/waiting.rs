//! Waiting for what has to come, however busy the machine is.

use std::time::{Duration, Instant};

/// Far beyond what anything here takes.
const BOUND: Duration = Duration::from_secs(90);

/// Asks again and again until the answer is yes.
pub(crate) async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_so().await {
        assert!(began.elapsed() < BOUND, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
