//! `orgcache mcp`: an Odoo database for language models, on standard input and output.

use std::process::ExitCode;

use odoo::{ConfigError, OdooConfig};
use odoo_mcp::{Caches, OdooServer, Settings};

use crate::failure::Failure;

pub(crate) async fn run() -> Result<ExitCode, Failure> {
    let server = server().map_err(|error| {
        Failure::nothing_done(error)
            .advise("All settings are environment variables: see `orgcache mcp --help`.")
    })?;
    server.serve_stdio().await.map_err(Failure::nothing_done)?;
    Ok(ExitCode::SUCCESS)
}

fn server() -> Result<OdooServer, ConfigError> {
    let transport = std::env::var("ODOO_MCP_TRANSPORT").unwrap_or_default();
    if !matches!(transport.trim(), "" | "stdio") {
        let expected = "this command serves standard input and output only (stdio)";
        let value = transport.chars().take(64).collect();
        return Err(ConfigError::Invalid { name: "ODOO_MCP_TRANSPORT", value, expected });
    }
    OdooServer::new(OdooConfig::from_env()?, Settings::from_env()?, &Caches::from_env()?)
}
