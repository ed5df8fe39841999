//! `orgcache mcp`: serves an Odoo database to language models over standard input and output.

use std::process::ExitCode;

use odoo::{ConfigError, OdooConfig};
use odoo_mcp::{Caches, McpSettings, OdooServer, StreamOptions};
use platform::settings::SettingError;

use super::signals::{no_signal_handler, stop_signal};
use crate::failure::Failure;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let misconfigured = |error| {
        Failure::nothing_done(error)
            .advise("All settings are environment variables: see `orgcache mcp --help`.")
    };
    let (server, options) =
        (server().map_err(misconfigured)?, StreamOptions::from_env().map_err(misconfigured)?);
    // Process 1 of a container ignores signals that it does not handle.
    let stop = stop_signal().map_err(|error| no_signal_handler(&error))?;
    tokio::select! {
        served = server.serve_stdio(options) => served.map_err(Failure::nothing_done)?,
        () = stop => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn server() -> Result<OdooServer, ConfigError> {
    let transport = std::env::var("ODOO_MCP_TRANSPORT").unwrap_or_default();
    if !matches!(transport.trim(), "" | "stdio") {
        let expected = "this command serves standard input and output only (stdio)";
        return Err(SettingError::invalid("ODOO_MCP_TRANSPORT", &transport, expected).into());
    }
    OdooServer::new(OdooConfig::from_env()?, McpSettings::from_env()?, &Caches::from_env()?)
}
