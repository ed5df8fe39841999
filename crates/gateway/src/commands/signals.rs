//! The signals that stop a long-running command.

use std::io;

use tokio::signal;

use crate::failure::Failure;

/// The failure of a command that cannot install its signal handlers.
pub(crate) fn no_signal_handler(error: &io::Error) -> Failure {
    Failure::nothing_done(format!("signal handlers cannot be installed: {error}"))
}

/// Returns a future that waits for Ctrl-C, SIGTERM or SIGQUIT. After this call none of them terminates the
/// process, and SIGUSR1 and SIGUSR2 are ignored.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut quit = signal(SignalKind::quit())?;
        // By default these would terminate the process without writing pending changes to the session store.
        for ignored in [SignalKind::user_defined1(), SignalKind::user_defined2()] {
            drop(signal(ignored)?);
        }
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = quit.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        if let Err(error) = signal::ctrl_c().await {
            tracing::error!(%error, "the handler of Ctrl-C cannot be installed");
            std::future::pending::<()>().await;
        }
    })
}
