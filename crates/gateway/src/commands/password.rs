//! `orgcache password`: sets or takes away a user's password for the service.

use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::process::ExitCode;

use erp_db::{Database, DatabaseKind, PasswordTable, SqlStore, StoreError, StoreOptions};

use crate::cli::PasswordArguments;
use crate::demo;
use crate::failure::Failure;
use crate::http::{MAX_PASSWORD_BYTES, hash_password};

/// The shortest password, in characters, as NIST SP 800-63B has it.
const MIN_CHARACTERS: usize = 8;

pub(crate) async fn run(url: Option<&str>, arguments: &PasswordArguments) -> Result<ExitCode, Failure> {
    if url.is_none() {
        return Err(Failure::nothing_done("the users of the demonstration have their password already")
            .advise("Name a database of your own with --database-url."));
    }
    let reader = demo::open(url).await?;
    let user = reader.user_named(&arguments.user).await?.ok_or_else(|| {
        Failure::nothing_done(format!(
            "there is no user `{}` in {}",
            arguments.user,
            reader.database().place()
        ))
    })?;
    let password = read()?;
    let hash = if password.is_empty() { None } else { Some(hashed(&password)?) };
    let failed = |error: StoreError| Failure::nothing_done(&error);
    SqlStore::migrate(&StoreOptions::new(&arguments.store_url)).await.map_err(failed)?;
    let table = PasswordTable::open(Database::connect(&arguments.store_url).await?).await.map_err(failed)?;
    let ended = table.set(&user.id, hash.as_deref()).await.map_err(|error| failed(error.into()))?;
    let done = if hash.is_some() { "set" } else { "taken away" };
    let mut out = anstream::stdout();
    writeln!(out, "the password of `{}` (user {}) is {done}", arguments.user, user.id)?;
    writeln!(out, "sessions of this user that were ended in the store: {ended}")?;
    if ended > 0 && table.kind() == DatabaseKind::Sqlite {
        writeln!(
            out,
            "a service that runs on this file notices at its next check of users (--recheck-users, by default 60 s), \
             or when it is restarted"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a line from standard input.
fn read() -> Result<String, Failure> {
    if io::stdin().is_terminal() {
        anstream::eprintln!("type the password and Enter; it is shown as you type");
    }
    let mut line = String::new();
    let limit = u64::try_from(MAX_PASSWORD_BYTES).unwrap_or(u64::MAX) + 2;
    let unreadable = |error| Failure::nothing_done(format!("standard input cannot be read: {error}"));
    io::stdin().lock().take(limit).read_line(&mut line).map_err(unreadable)?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn hashed(password: &str) -> Result<String, Failure> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(Failure::nothing_done(format!("a password has at most {MAX_PASSWORD_BYTES} bytes")));
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Failure::nothing_done(format!("a password has at least {MIN_CHARACTERS} characters")));
    }
    hash_password(password).map_err(|error| Failure::nothing_done(&error))
}
