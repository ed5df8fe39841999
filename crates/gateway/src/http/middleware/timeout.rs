//! `within`: a timeout that is cheap for futures that are ready.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::poll_immediate;

/// Waits for a future, or returns `None` after the time limit. Most futures are ready at once and need no
/// timer.
pub(crate) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    match poll_immediate(&mut future).await {
        Some(done) => Some(done),
        None => tokio::time::timeout(limit, future).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_pending_futures_time_out() {
        assert_eq!(within(Duration::ZERO, std::future::ready(1)).await, Some(1));
        assert_eq!(within(Duration::MAX, tokio::task::yield_now()).await, Some(()));
        assert_eq!(within(Duration::ZERO, std::future::pending::<()>()).await, None);
    }
}
