//! `Agent`: the program `orgcache mcp` with a client, and the double of Odoo behind it.

use core::ops::Deref;
use std::process::Stdio;

pub(crate) use odoo_double::PARTNERS;
use odoo_double::{Behaviour, OdooDouble};
use rmcp::ServiceExt;
use rmcp::transport::TokioChildProcess;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, Command};

use crate::client::ToolClient;

/// A client of the program, and the Odoo double behind the program.
pub(crate) struct Agent {
    pub(crate) double: OdooDouble,
    client: ToolClient,
    errors: ChildStderr,
}

/// A double with the models that the tests use.
pub(crate) async fn double(behaviour: Behaviour) -> OdooDouble {
    OdooDouble::with_contacts(behaviour).await.unwrap()
}

impl Deref for Agent {
    type Target = ToolClient;

    fn deref(&self) -> &ToolClient {
        &self.client
    }
}

impl Agent {
    /// An agent that logs in with the administrator's password.
    pub(crate) async fn new(settings: &[(&str, &str)]) -> Self {
        let double = double(Behaviour::default()).await;
        let mut command = Command::new(env!("CARGO_BIN_EXE_orgcache"));
        command.arg("mcp").env_clear();
        command.env("ODOO_URL", double.url()).env("ODOO_DB", "odoo").env("ODOO_USER", "admin");
        command.env("ODOO_PASSWORD", "<password>").envs(settings.iter().copied());
        let (program, errors) = TokioChildProcess::builder(command).stderr(Stdio::piped()).spawn().unwrap();
        let client = ToolClient::new(().serve(program).await.unwrap()).await;
        Agent { double, client, errors: errors.unwrap() }
    }

    /// Stops the program. Returns what it wrote to standard error.
    pub(crate) async fn stop(mut self) -> String {
        self.client.service.cancel().await.unwrap();
        let mut written = String::new();
        self.errors.read_to_string(&mut written).await.unwrap();
        written
    }
}
