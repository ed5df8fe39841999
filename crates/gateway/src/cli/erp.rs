//! `ErpArguments`: the options that select the ERP of a command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use odoo::{CallLimits, CompanySource, LoaderError, OdooClient, OdooConfig, OdooCredential, OdooError};
use session::ClientId;

use crate::backend::Backend;
use crate::failure::Failure;
use crate::{demo, exposure};

/// A database, Odoo, or by default the demonstration.
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
    /// Opens Odoo, the database, or the demonstration database.
    pub(crate) async fn open(&self) -> Result<Backend, Failure> {
        match &self.odoo.odoo_url {
            Some(url) => Ok(Backend::Odoo(self.odoo.connect(url).await?)),
            None => Ok(Backend::Database(demo::open(self.database_url.as_deref()).await?)),
        }
    }

    /// The URL of the database, for a command that requires one.
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

/// The variable with the loader's key, if no file is given. There is no option for it, because other users of
/// the machine see command lines.
const KEY_VARIABLE: &str = "ORGCACHE_ODOO_LOADER_KEY";

/// The options for Odoo as the ERP, and for the user that loads its companies.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Odoo")]
pub(crate) struct OdooArguments {
    /// Odoo instead of a database, for `serve`, `check`, `tree`, `overview` and `query`: its companies are
    /// the organizations, its users sign in with their password or API key. See docs/odoo.md.
    #[arg(long, global = true, value_name = "URL", env = "ORGCACHE_ODOO_URL")]
    #[arg(conflicts_with = "database_url")]
    pub(crate) odoo_url: Option<String>,
    /// Odoo's database, where the server has several.
    #[arg(long, global = true, value_name = "NAME", env = "ORGCACHE_ODOO_DB")]
    pub(crate) odoo_db: Option<String>,
    /// The login of the user who reads companies and users: it needs the group "Access Rights".
    #[arg(long, global = true, value_name = "LOGIN", env = "ORGCACHE_ODOO_LOADER_USER")]
    pub(crate) odoo_loader_user: Option<String>,
    /// A file with that user's API key. The variable ORGCACHE_ODOO_LOADER_KEY can hold the key instead.
    #[arg(long, global = true, value_name = "FILE", env = "ORGCACHE_ODOO_LOADER_KEY_FILE")]
    pub(crate) odoo_loader_key_file: Option<PathBuf>,
}

/// Timeouts for Odoo that leave room within the 30 s of a login.
fn service_limits() -> CallLimits {
    CallLimits {
        connect: Duration::from_secs(5),
        answer: Duration::from_secs(20),
        wait: Duration::from_secs(10),
        ..CallLimits::default()
    }
}

impl OdooArguments {
    /// Connects to Odoo, and verifies that the loader may read what it needs.
    pub(crate) async fn connect(&self, url: &str) -> Result<Arc<CompanySource>, Failure> {
        let login = self.odoo_loader_user.as_deref().filter(|login| !login.is_empty());
        let login = login.ok_or_else(|| {
            Failure::nothing_done("no user is named who reads Odoo's companies and users")
                .advise("Name one with --odoo-loader-user: a user in the group \"Access Rights\".")
        })?;
        let credential = OdooCredential::from_secret(self.key()?.into());
        let database = self.odoo_db.as_deref().unwrap_or_default();
        let config = OdooConfig::new(url, database, login, credential)
            .map_err(|error| Failure::nothing_done(with_our_option_names(&error.to_string())))?;
        let client = OdooClient::new(OdooConfig { limits: service_limits(), ..config })
            .map_err(|error| Failure::nothing_done(with_our_option_names(&error.to_string())))?;
        client.scope().await.map_err(|error| unusable(&LoaderError::Odoo(error), url, login))?;
        let name = client.config().database.clone().unwrap_or_default();
        let source = CompanySource::new(client, tenant(&name));
        source.check_loader().await.map_err(|error| unusable(&error, url, login))?;
        Ok(Arc::new(source))
    }

    fn key(&self) -> Result<String, Failure> {
        let text = match &self.odoo_loader_key_file {
            Some(file) => read_key(file)?,
            None => std::env::var(KEY_VARIABLE).unwrap_or_default(),
        };
        let key = text.trim();
        if key.is_empty() {
            let whose = match &self.odoo_loader_key_file {
                Some(file) => format!("`{}` is empty", file.display()),
                None => "the loader's API key is missing".to_owned(),
            };
            return Err(Failure::nothing_done(whose).advise(format!(
                "Put the key into a file and name it with --odoo-loader-key-file, or into {KEY_VARIABLE}."
            )));
        }
        Ok(key.to_owned())
    }
}

fn read_key(file: &Path) -> Result<String, Failure> {
    if let Some(warning) = exposure::file_warning(file) {
        anstream::eprintln!("warning: {warning}");
    }
    std::fs::read_to_string(file).map_err(|error| {
        Failure::nothing_done(format!("the loader's key `{}` cannot be read: {error}", file.display()))
    })
}

/// The id of the client: the database's name, or a prefix of its hash if the name is too long for an id.
fn tenant(database: &str) -> ClientId {
    let hash = blake3::hash(database.as_bytes()).to_hex();
    let short = hash.get(..32).unwrap_or_default();
    ClientId::new(database).or_else(|_| ClientId::new(short)).unwrap_or(ClientId::ZERO)
}

/// Replaces the names of settings in a message by the names of our options.
fn with_our_option_names(text: &str) -> String {
    text.replace("ODOO_URL", "--odoo-url")
        .replace("ODOO_DB", "--odoo-db")
        .replace("ODOO_USER", "--odoo-loader-user")
}

fn unusable(error: &LoaderError, url: &str, login: &str) -> Failure {
    let is_transient = matches!(error, LoaderError::Odoo(error) if error.is_transient());
    let failure = Failure::nothing_done(with_our_option_names(&error.to_string())).if_transient(is_transient);
    match error {
        LoaderError::Odoo(OdooError::Credentials { .. }) => failure.advise(format!(
            "Is `{login}` the loader's login there, and is its key valid? Odoo shows keys once, when they are made."
        )),
        LoaderError::Odoo(OdooError::Fault(_)) if is_transient => {
            failure.advise(format!("Is Odoo running, and is --odoo-url right (`{url}`)?"))
        }
        LoaderError::NotReadable { .. } | LoaderError::NotAnAdministrator => failure.advise(format!(
            "Give `{login}` the group \"Access Rights\" (base.group_erp_manager) in Odoo, or name another user."
        )),
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_the_name_of_its_database_if_that_can_be_an_id() {
        assert_eq!(tenant("production"), "production");
        let long = "a_database_with_a_name_of_more_than_32_bytes";
        assert_eq!(tenant(long).as_str().len(), 32);
        assert_ne!(tenant(long), tenant(&format!("{long}2")));
    }
}
