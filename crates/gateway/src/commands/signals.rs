//! The signals that stop a long-running command.

use std::io;

use tokio::signal;

use crate::failure::Failure;

/// The failure of a command that cannot install its signal handlers.
pub(crate) fn no_signal_handler(error: &io::Error) -> Failure {
    Failure::nothing_done(format!("no signal can be waited for: {error}"))
}

/// Returns a future that waits for Ctrl-C or SIGTERM. After this call neither terminates the process.
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
