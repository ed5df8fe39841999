//! `within`: waiting, but not for ever.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::poll_immediate;

/// What a future comes to, or nothing once the time is over. Mostly it is ready at once, and no timer is set.
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
    async fn only_what_is_not_ready_is_given_up() {
        assert_eq!(within(Duration::ZERO, std::future::ready(1)).await, Some(1));
        assert_eq!(within(Duration::MAX, tokio::task::yield_now()).await, Some(()));
        assert_eq!(within(Duration::ZERO, std::future::pending::<()>()).await, None);
    }
}
