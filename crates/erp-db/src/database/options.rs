//! From a URL to open connections.

use std::future::Future;
#[cfg(feature = "sqlite")]
use std::sync::Arc;
use std::time::Duration;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use sqlx::{ConnectOptions, Connection};

#[cfg(feature = "postgres")]
use super::certificates;
#[cfg(feature = "postgres")]
use super::connections::Connections;
#[cfg(feature = "postgres")]
use super::search_path::take_search_path;
#[cfg(feature = "postgres")]
use super::settings;
#[cfg(feature = "sqlite")]
use super::watch::{FileWatch, Seen};
use super::{Boxed, ConnectError, DatabaseKind, Limits, Pool, StatementError};

/// Connections, what messages call the database, and what sets the settings of a PostgreSQL URL.
type Opened = (Pool, String, String);

pub(super) fn open<'a>(url: &'a str, limits: &'a Limits) -> Boxed<'a, Result<Opened, ConnectError>> {
    Box::pin(async move {
        match kind(url)? {
            DatabaseKind::Sqlite => sqlite(url, limits).await,
            DatabaseKind::Postgres => postgres(url, limits).await,
        }
    })
}

/// The product that a URL names, whether or not its driver is part of this build.
pub(crate) fn kind(url: &str) -> Result<DatabaseKind, ConnectError> {
    let Some((scheme, _)) = url.split_once(':') else { return Err(ConnectError::NoScheme) };
    match scheme {
        "sqlite" => Ok(DatabaseKind::Sqlite),
        "postgres" | "postgresql" => Ok(DatabaseKind::Postgres),
        // Only what can be part of a scheme is repeated: a mistyped URL may hold a password.
        _ => Err(ConnectError::UnknownScheme {
            scheme: scheme
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || "+.-".contains(*c))
                .take(20)
                .collect(),
        }),
    }
}

#[cfg(feature = "sqlite")]
async fn sqlite(url: &str, limits: &Limits) -> Result<Opened, ConnectError> {
    let (pool, place) = sqlite_file(sqlite_options(url)?, limits, Seen::Whole).await?;
    Ok((pool, place, String::new()))
}

/// The file that a URL names, and how it is to be opened.
#[cfg(feature = "sqlite")]
pub(super) fn sqlite_options(url: &str) -> Result<sqlx::sqlite::SqliteConnectOptions, ConnectError> {
    let invalid = |reason: String| ConnectError::InvalidUrl { product: "SQLite", reason };
    let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_start_matches("sqlite:").trim_start_matches("//");
    if path.is_empty() {
        return Err(invalid("it names no file".to_owned()));
    }
    let parameters = || parameters.split('&');
    if path == ":memory:" || parameters().any(|parameter| parameter == "mode=memory") {
        return Err(invalid("a database in memory has no rows to read; name a file".to_owned()));
    }
    let options: sqlx::sqlite::SqliteConnectOptions = url.parse().map_err(|error| invalid(reason(error)))?;
    let file = options.get_filename();
    if !parameters().any(|parameter| parameter == "mode=rwc") && !file.exists() {
        return Err(ConnectError::NoSuchFile { file: file.to_owned() });
    }
    Ok(options)
}

/// Opens an SQLite file.
#[cfg(feature = "sqlite")]
pub(super) fn sqlite_file(
    options: sqlx::sqlite::SqliteConnectOptions,
    limits: &Limits,
    seen: Seen,
) -> Boxed<'_, Result<(Pool, String), ConnectError>> {
    let file = options.get_filename().to_owned();
    let options = options.busy_timeout(limits.acquire);
    let place = format!("SQLite file `{}`", options.get_filename().display());
    Box::pin(async move {
        probe(options.connect(), &place, limits.connect).await?;
        // An embedded database has no server that would drop idle connections: keep them, and do not try them
        // before use.
        let watch = Arc::new(FileWatch::new(file, seen));
        let pool = sqlx::sqlite::SqlitePoolOptions::new()
            .max_connections(limits.connections.max(1))
            .acquire_timeout(limits.acquire)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .before_acquire(move |_, connection| {
                let is_current = watch.is_current(connection.age);
                Box::pin(async move { Ok(is_current) })
            })
            .connect_lazy_with(options);
        Ok((Pool::Sqlite(pool), place))
    })
}

#[cfg(not(feature = "sqlite"))]
#[expect(clippy::unused_async, reason = "the same signature as where the driver is built in")]
async fn sqlite(_url: &str, _limits: &Limits) -> Result<Opened, ConnectError> {
    Err(ConnectError::DriverLeftOut { product: "SQLite", feature: "sqlite" })
}

/// A server as a URL names it.
#[cfg(feature = "postgres")]
struct Server {
    options: sqlx::postgres::PgConnectOptions,
    /// What messages call it.
    place: String,
    /// What sets the URL's settings for one transaction.
    settings: String,
}

/// The server that a URL names.
#[cfg(feature = "postgres")]
fn server(url: &str) -> Result<Server, ConnectError> {
    let invalid = |reason| ConnectError::InvalidUrl { product: "PostgreSQL", reason };
    let parse =
        |url: &str| url.parse::<sqlx::postgres::PgConnectOptions>().map_err(|error| invalid(reason(error)));
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

/// The server that a URL names, for a connection of the caller's own.
#[cfg(all(feature = "postgres", feature = "session"))]
pub(crate) fn direct_postgres(url: &str) -> Result<(sqlx::postgres::PgConnectOptions, String), ConnectError> {
    server(url).map(|server| (server.options, server.place))
}

/// Opens connections that hold no state of their own, so that a proxy in between may give every transaction
/// another one. Gives them with what messages call the server, and what sets the URL's settings for one
/// transaction.
#[cfg(feature = "postgres")]
pub(crate) async fn stateless_postgres(
    url: &str,
    limits: &Limits,
) -> Result<(Connections, String, String), ConnectError> {
    let Server { options, place, settings } = server(url)?;
    // A start-up parameter that proxies refuse, and statements that one server would keep and the next not
    // know.
    let options = options.extra_float_digits(None).statement_cache_capacity(0);
    probe(options.connect(), &place, limits.connect).await?;
    Ok((Connections::new(options, limits), place, settings))
}

#[cfg(feature = "postgres")]
async fn postgres(url: &str, limits: &Limits) -> Result<Opened, ConnectError> {
    let (pool, place, settings) = stateless_postgres(url, limits).await?;
    Ok((Pool::Postgres(pool), place, settings))
}

/// What tells the server to give up a statement, for the transaction that it is the first statement of: as a
/// start-up parameter it would be refused by connection poolers, and set for a session it would hold for
/// whoever gets it next.
pub(crate) fn give_up_after(limit: Duration) -> String {
    format!("SET LOCAL statement_timeout = {};", limit.as_millis().clamp(1, 2_147_483_647))
}

#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "the same signature as where the driver is built in")]
async fn postgres(_url: &str, _limits: &Limits) -> Result<Opened, ConnectError> {
    Err(ConnectError::DriverLeftOut { product: "PostgreSQL", feature: "postgres" })
}

/// Opens one connection and closes it again. The pool would repeat a refused attempt until its time is up,
/// and then not tell the cause.
async fn probe<C: Connection>(
    connecting: impl Future<Output = Result<C, sqlx::Error>>,
    place: &str,
    limit: Duration,
) -> Result<(), StatementError> {
    let fail = |error| StatementError::new(place, limit, error);
    let attempt = async {
        let mut connection = connecting.await?;
        connection.ping().await?;
        connection.close().await
    };
    match tokio::time::timeout(limit, attempt).await {
        Ok(outcome) => outcome.map_err(fail),
        Err(_) => Err(StatementError::TimedOut { place: place.to_owned(), limit }),
    }
}

/// What is wrong with a URL, without the driver's introduction.
fn reason(error: sqlx::Error) -> String {
    match error {
        sqlx::Error::Configuration(cause) => cause.to_string(),
        other => other.to_string(),
    }
}
