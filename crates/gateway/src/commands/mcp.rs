//! `orgcache mcp`: an Odoo database for language models, on standard input and output.

use std::process::ExitCode;

use odoo::{ConfigError, OdooConfig};
use odoo_mcp::{Caches, McpSettings, OdooServer, StreamOptions};
use platform::settings::SettingError;

use super::signals::{not_waited_for, stop_signal};
use crate::failure::Failure;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let misconfigured = |error| {
        Failure::nothing_done(error)
            .advise("All settings are environment variables: see `orgcache mcp --help`.")
    };
    let (server, options) =
        (server().map_err(misconfigured)?, StreamOptions::from_env().map_err(misconfigured)?);
    // A container's first process is not ended by a signal that it does not wait for.
    let stop = stop_signal().map_err(|error| not_waited_for(&error))?;
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
