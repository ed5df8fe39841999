//! Translates the options of `serve` into the store, the keys of assertions, and the settings. Refuses
//! invalid combinations before anything is opened.

use std::path::Path;

use erp_db::StoreOptions;
use session::UserId;

use super::Subject;
use crate::cli::{AssertionArguments, ServeArguments};
use crate::failure::Failure;
use crate::http::{AssertionKey, Mcp, Settings};
use crate::{demo, exposure};

/// The store of sessions, passwords and used assertions. `None` if they are kept in memory.
pub(crate) fn store_options(
    subject: Subject<'_>,
    arguments: &ServeArguments,
) -> Result<Option<StoreOptions>, Failure> {
    let accepts_assertions = !arguments.assertions.assertion_key.is_empty();
    let no_place = |what| {
        Failure::nothing_done(format!("there is no store for {what}"))
            .advise("Name one with --store-url, for example sqlite:orgcache.db?mode=rwc")
    };
    match (subject, &arguments.store_url) {
        (Subject::Odoo(_), _) if arguments.erp_passwords => {
            Err(Failure::nothing_done("--erp-passwords is about Openbravo's table of users")
                .advise("Leave it out: Odoo verifies the passwords and keys of its users itself."))
        }
        (Subject::McpAlone, _) if accepts_assertions => {
            Err(Failure::nothing_done("--assertion-key is for sessions, and without an ERP there are none")
                .advise("Leave it out, or name an ERP with --database-url or --odoo-url."))
        }
        (Subject::McpAlone, _) => Ok(None),
        (_, Some(url)) => {
            let mut options = StoreOptions::new(url);
            options.direct_url.clone_from(&arguments.store_direct_url);
            Ok(Some(options))
        }
        (Subject::Database, None) => Err(no_place("sessions and passwords")),
        (_, None) if accepts_assertions => Err(no_place("the assertions that were used")),
        (_, None) => Ok(None),
    }
}

/// The keys that verify assertions.
pub(crate) fn assertion_key(arguments: &AssertionArguments) -> Result<Option<AssertionKey>, Failure> {
    let Some(algorithm) = arguments.assertion_algorithm else { return Ok(None) };
    let mut key = AssertionKey::new(algorithm);
    for file in &arguments.assertion_key {
        let unusable = |error: &dyn std::error::Error| {
            Failure::nothing_done(format!("the key `{}` cannot be used: {error}", file.display()))
        };
        if let Some(warning) = exposure::key_warning(file) {
            tracing::warn!("{warning}");
        }
        let bytes = std::fs::read(file).map_err(|error| unusable(&error))?;
        key = key.with(&bytes).map_err(|error| unusable(&error))?;
    }
    Ok(Some(key))
}

pub(crate) fn settings(
    subject: Subject<'_>,
    arguments: &ServeArguments,
    on_loopback: bool,
) -> Result<Settings, Failure> {
    let mut settings = Settings {
        secure: !on_loopback || arguments.behind_tls,
        local_names_only: on_loopback && arguments.trusted_proxy.is_empty() && !arguments.behind_tls,
        erp_passwords: arguments.erp_passwords,
        trusted_proxies: arguments.trusted_proxy.clone(),
        ..Settings::default()
    };
    let named = arguments.instance_admin.iter().map(|user| user.trim());
    for user in named.chain((subject == Subject::Demonstration).then_some(demo::ADMINISTRATOR)) {
        let user =
            UserId::new(user).map_err(|error| Failure::nothing_done(format!("--instance-admin: {error}")))?;
        settings.instance_admins.push(user);
    }
    if let Some(file) = &arguments.mcp {
        warn_if_exposed(file);
        let mcp = Mcp::open(file).map_err(|error| {
            Failure::nothing_done(format!("--mcp: {error}")).advise("docs/odoo.md describes the file.")
        })?;
        settings.mcp = Some(mcp);
    }
    Ok(settings)
}

pub(super) fn warn_if_exposed(file: &Path) {
    if let Some(warning) = exposure::file_warning(file) {
        tracing::warn!("{warning}");
    }
}
