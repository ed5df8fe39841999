//! Work that would hold up other tasks, on a thread of its own.

/// Runs work on a thread that may block. Gives `None` if the runtime shuts down before it ran; a panic of the
/// work goes on in the caller.
pub(crate) async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Some(result),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}
