//! Parses a PostgreSQL URL.

use sqlx::postgres::PgConnectOptions;

use super::search_path::take_search_path;
use super::{certificates, settings};
use crate::backend::{ConnectError, reason};

/// The server that a URL names.
pub(super) struct Server {
    pub(super) options: PgConnectOptions,
    /// The server's name in messages.
    pub(super) place: String,
    /// The statements that apply the URL's settings to one transaction.
    pub(super) settings: String,
}

/// Parses the URL of a server.
pub(super) fn server(url: &str) -> Result<Server, ConnectError> {
    let invalid = |reason| ConnectError::InvalidUrl { product: "PostgreSQL", reason };
    let parse = |url: &str| url.parse::<PgConnectOptions>().map_err(|error| invalid(reason(error)));
    let (url, search_path) = take_search_path(url).map_err(|reason| invalid(reason.to_owned()))?;
    let (rest, settings) = settings::take(&url, parse(&url)?.get_options()).map_err(invalid)?;
    let settings = settings + &search_path;
    certificates::check_files(&rest).map_err(invalid)?;
    let options = parse(&rest)?;
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let place = match options.get_database() {
        Some(name) => format!("PostgreSQL at `{host}`, database `{name}`"),
        None => format!("PostgreSQL at `{host}`"),
    };
    Ok(Server { options, place, settings })
}
