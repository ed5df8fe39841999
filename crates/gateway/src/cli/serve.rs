//! The options of `serve` and `check`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use erp_db::AutomaticRolesPolicy;
use ipnet::IpNet;
use tracing_subscriber::filter::LevelFilter;

use super::number;
use crate::http::{AssertionAlgorithm, ListenAddress};

/// The levels of the log.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// How the ERP's rights are read.
#[derive(Debug, Args)]
pub(crate) struct RightsArguments {
    /// Which organizations an automatic role (`ismanual = N`) has.
    #[arg(long, value_name = "RULE", env = "ORGCACHE_AUTOMATIC_ROLES", value_enum, default_value = "detect")]
    pub(crate) automatic_roles: AutomaticRoles,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Where to listen: `127.0.0.1:8080`, `localhost:8080`, a port of 127.0.0.1 alone (`8080`), or a Unix
    /// socket (`unix:/run/orgcache/orgcache.sock`); may be given several times. Beyond loopback a proxy in
    /// front must terminate TLS.
    #[arg(long, value_name = "ADDRESS", env = "ORGCACHE_LISTEN", value_delimiter = ',')]
    #[arg(default_value = "127.0.0.1:8080")]
    pub(crate) listen: Vec<ListenAddress>,
    /// Where sessions and passwords are kept: sqlite:FILE?mode=rwc or postgres://…. `serve` creates its
    /// tables there.
    #[arg(long, value_name = "URL", env = "ORGCACHE_STORE_URL", hide_env_values = true)]
    pub(crate) store_url: Option<String>,
    /// The PostgreSQL server itself, if --store-url names a proxy that pools transactions: to create tables,
    /// and to receive the revocations of other nodes.
    #[arg(long, value_name = "URL", env = "ORGCACHE_STORE_DIRECT_URL", hide_env_values = true)]
    #[arg(requires = "store_url")]
    pub(crate) store_direct_url: Option<String>,
    #[command(flatten)]
    pub(crate) rights: RightsArguments,
    /// A user, by id, who administers all clients; may be given several times.
    #[arg(long, value_name = "USER", env = "ORGCACHE_INSTANCE_ADMIN", value_delimiter = ',')]
    pub(crate) instance_admin: Vec<String>,
    /// Seconds between checks that end the sessions of users who are locked, inactive or deleted in the ERP;
    /// 0 turns them off.
    #[arg(
        long,
        value_name = "SECONDS",
        env = "ORGCACHE_RECHECK_USERS",
        default_value_t = 60,
        value_parser = number::<u32>
    )]
    pub(crate) recheck_users: u32,
    /// Accept the ERP's own password hashes (ad_user.password) for users without a password here.
    /// docs/operations.md describes the risks.
    #[arg(long, env = "ORGCACHE_ERP_PASSWORDS", requires = "store_url")]
    pub(crate) erp_passwords: bool,
    /// A proxy, as an address or a network, whose X-Forwarded-For and X-Request-Id are trusted; may be given
    /// several times.
    #[arg(long, value_name = "NETWORK", env = "ORGCACHE_TRUSTED_PROXY", value_delimiter = ',', value_parser = network)]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// A proxy in front terminates TLS: mark cookies `Secure`. Beyond loopback they always are.
    #[arg(long, env = "ORGCACHE_BEHIND_TLS")]
    pub(crate) behind_tls: bool,
    /// Serve Odoo databases to language models at /mcp, to the principals in this file: see docs/odoo.md.
    /// SIGHUP makes the service read it again.
    #[arg(long, value_name = "FILE", env = "ORGCACHE_MCP")]
    pub(crate) mcp: Option<PathBuf>,
    /// The level of the log on standard error.
    #[arg(long, value_name = "LEVEL", env = "ORGCACHE_LOG", default_value = "warn", ignore_case = true)]
    #[arg(value_parser = PossibleValuesParser::new(LEVELS).try_map(|level| level.parse::<LevelFilter>()))]
    pub(crate) log: LevelFilter,
    /// The format of the log.
    #[arg(long, value_name = "FORMAT", env = "ORGCACHE_LOG_FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    // Must be last: its heading applies to all following options.
    #[command(flatten)]
    pub(crate) assertions: AssertionArguments,
}

impl ServeArguments {
    /// The URLs of the store.
    pub(super) fn urls(&mut self) -> [Option<&mut String>; 2] {
        [self.store_url.as_mut(), self.store_direct_url.as_mut()]
    }
}

/// Parses a network, or an address, with or without brackets, as the network of that address.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let address = || text.parse().ok().or_else(bracketed).map(IpNet::from);
    text.parse().ok().or_else(address).ok_or_else(|| {
        "expected an address such as `127.0.0.1`, or a network such as `10.0.0.0/8`".to_owned()
    })
}

/// Whose assertions are accepted: all of it, or nothing.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logins by a front end's signed assertion (docs/operations.md)")]
pub(crate) struct AssertionArguments {
    /// The public key in PEM, or the secret of HS256 (a newline at its end is ignored). To rotate a key, name
    /// both files.
    #[arg(long, value_name = "FILE", env = "ORGCACHE_ASSERTION_KEY", value_delimiter = ',')]
    #[arg(requires_all = ["assertion_algorithm", "assertion_issuer", "assertion_audience"])]
    pub(crate) assertion_key: Vec<PathBuf>,
    /// The only algorithm that is accepted.
    #[arg(long, value_name = "ALGORITHM", env = "ORGCACHE_ASSERTION_ALGORITHM", requires = "assertion_key")]
    pub(crate) assertion_algorithm: Option<AssertionAlgorithm>,
    /// The `iss` that an assertion must have.
    #[arg(long, value_name = "TEXT", env = "ORGCACHE_ASSERTION_ISSUER", requires = "assertion_key")]
    pub(crate) assertion_issuer: Option<String>,
    /// The `aud` that an assertion must have.
    #[arg(long, value_name = "TEXT", env = "ORGCACHE_ASSERTION_AUDIENCE", requires = "assertion_key")]
    pub(crate) assertion_audience: Option<String>,
}

/// The rule for automatic roles, where rights are read.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum AutomaticRoles {
    /// All organizations of its client if the database has `ad_org.timezone`, else those of its access rows.
    Detect,
    /// Those of its access rows: Etendo, and Openbravo before October 2023.
    ByRows,
    /// All of its client, less those that an inactive access row denies: Openbravo since October 2023.
    All,
}

impl From<AutomaticRoles> for AutomaticRolesPolicy {
    fn from(argument: AutomaticRoles) -> Self {
        match argument {
            AutomaticRoles::Detect => Self::Detect,
            AutomaticRoles::ByRows => Self::ByRows,
            AutomaticRoles::All => Self::All,
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_whole_and_may_have_blanks_around_it() {
        assert_eq!(number::<u32>(" 60 "), Ok(60));
        for wrong in ["", "60s", "-1", "1.5", "4294967296"] {
            assert_eq!(number::<u32>(wrong), Err("expected a whole number"), "{wrong}");
        }
    }

    #[test]
    fn a_proxy_is_an_address_or_a_network() {
        let parsed = |text| network(text).unwrap().to_string();
        assert_eq!(parsed("127.0.0.1"), "127.0.0.1/32");
        assert_eq!(parsed("::1"), "::1/128");
        // The service takes IPv4 that is written as IPv6 for IPv4.
        assert_eq!(parsed("::ffff:192.0.2.1"), "::ffff:192.0.2.1/128");
        assert_eq!(parsed("::ffff:10.0.0.0/104"), "::ffff:10.0.0.0/104");
        assert_eq!(parsed(" 10.0.0.0/8"), "10.0.0.0/8");
        assert_eq!(parsed("[::1]"), "::1/128");
        assert_eq!(parsed("2001:db8::/32"), "2001:db8::/32");
        for wrong in ["", "localhost", "127.0.0.1:80", "10.0.0.0/33", "[127.0.0.1]", "[::1]:80"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }
}
