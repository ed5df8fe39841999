//! The signals that end a command which would run for ever.

use std::io;

use tokio::signal;

use crate::failure::Failure;

/// Why a command does not begin.
pub(crate) fn not_waited_for(error: &io::Error) -> Failure {
    Failure::nothing_done(format!("no signal can be waited for: {error}"))
}

/// Waits for Ctrl-C or SIGTERM. From here on neither ends the process by itself.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    })
}
