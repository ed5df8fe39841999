//! `ErpArguments`: whose organizations a command is about.

use clap::Args;

use crate::backend::Backend;
use crate::demo;
use crate::failure::Failure;
use crate::odoo_arguments::OdooArguments;

/// A database, an Odoo, or, where none is named, the demonstration.
#[derive(Debug, Args)]
pub(crate) struct ErpArguments {
    /// The ERP's database: sqlite:FILE or postgres://…. `import`, `password` and `revisions` need it; the
    /// other commands take the demonstration if it is left out.
    #[arg(long, global = true, value_name = "URL", env = "ORGCACHE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    #[command(flatten)]
    pub(crate) odoo: OdooArguments,
}

impl ErpArguments {
    /// Opens the Odoo, the database, or the demonstration database.
    pub(crate) async fn open(&self) -> Result<Backend, Failure> {
        match &self.odoo.odoo_url {
            Some(url) => Ok(Backend::Odoo(self.odoo.connect(url).await?)),
            None => Ok(Backend::Database(demo::open(self.database_url.as_deref()).await?)),
        }
    }

    /// The URL of the database, for a command that is about one and has to be told which.
    pub(crate) fn database_for(&self, command: &str) -> Result<&str, Failure> {
        let failure = Failure::nothing_done(format!("`orgcache {command}` needs the ERP's database"));
        match (&self.database_url, &self.odoo.odoo_url) {
            (Some(url), _) => Ok(url),
            (None, Some(_)) if command == "password" => {
                Err(failure
                    .advise("Odoo's users sign in with the passwords and keys that they have in Odoo."))
            }
            (None, Some(_)) => {
                Err(failure.advise("Leave --odoo-url out, and name a database with --database-url."))
            }
            (None, None) => Err(failure.advise(
                "Name it with --database-url or the variable ORGCACHE_DATABASE_URL, \
                 for example postgres://reader@localhost/openbravo",
            )),
        }
    }
}
