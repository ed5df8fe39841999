//! SIGHUP reloads the file of `--mcp`. It never terminates the process.

use std::path::{Path, PathBuf};

use tokio::signal::unix::Signal;

use super::settings::warn_if_exposed;
use crate::http::{Mcp, ReloadOutcome};

/// Reloads the principals of `/mcp` at each SIGHUP, if there are any.
pub(super) fn reload_at_hangup(mut hangups: Signal, mcp: Option<(Mcp, PathBuf)>) {
    tokio::spawn(async move {
        while hangups.recv().await.is_some() {
            match &mcp {
                Some((mcp, file)) => reload(mcp, file),
                None => tracing::info!("SIGHUP: there is no --mcp file to reload"),
            }
        }
    });
}

fn reload(mcp: &Mcp, file: &Path) {
    warn_if_exposed(file);
    match mcp.reload() {
        Ok(ReloadOutcome { begun, ended, later, .. }) => {
            tracing::info!(begun, ended, "the principals of /mcp were reloaded");
            if !later.is_empty() {
                let settings = later.join(", ");
                tracing::warn!(settings, "these settings for all principals take effect with the next start");
            }
        }
        Err(error) => tracing::error!(%error, "the principals of /mcp are unchanged"),
    }
}
