//! `orgcache password`: sets or removes the passwords of one user or of many, and lists the users with a
//! password.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use erp_db::{
    Database, DatabaseKind, ErpReader, PasswordTable, Purpose, StoreError, StoreOptions, User, store,
};
use session::UserId;

#[cfg(unix)]
use super::hidden_typing::HiddenTyping;
use super::rights;
use crate::cli::PasswordArguments;
use crate::exposure;
use crate::failure::Failure;
use crate::http::{MAX_PASSWORD_BYTES, hash_password};

/// The minimum length of a password, in characters (NIST SP 800-63B).
const MIN_CHARACTERS: usize = 8;

/// The maximum size of a file of users and passwords, in bytes.
const MAX_FILE_BYTES: u64 = 16 << 20;

pub(crate) async fn run(url: &str, arguments: &PasswordArguments) -> Result<ExitCode, Failure> {
    let PasswordArguments { user, remove, list, from, store_url } = arguments;
    let store_url = store_url.as_deref().ok_or_else(|| {
        Failure::nothing_done("`orgcache password` needs the place where passwords are kept").advise(
            "Name it with --store-url or the variable ORGCACHE_STORE_URL, for example sqlite:orgcache.db?mode=rwc",
        )
    })?;
    let database = Database::connect(url).await?;
    if !list {
        rights::check(Some(&database), Some(&StoreOptions::new(store_url)), Purpose::Passwords).await?;
    }
    let reader = ErpReader::open(database).await?;
    let mut out = anstream::stdout().lock();
    if *list {
        let table = open(store_url).await?;
        return list_users(&reader, &table, &mut out).await;
    }
    if let Some(file) = from {
        let hashes = read_file(&reader, file).await?;
        let table = open(store_url).await?;
        let ended = table.set_all(&hashes).await.map_err(not_set)?;
        match hashes.len() {
            1 => writeln!(out, "1 password is set")?,
            many => writeln!(out, "{many} passwords are set")?,
        }
        return report_ended(&table, ended, &mut out);
    }
    let name = user.as_deref().unwrap_or_default();
    let user = user_named(&reader, name).await?;
    let id = user.id;
    // Read and hash the password before touching the table, so that nothing changes if that fails.
    let hash = if *remove {
        None
    } else {
        Some(hash_password(&read_password(name)?).map_err(Failure::nothing_done)?)
    };
    let table = open(store_url).await?;
    let had_one = table.get(id).await.map_err(not_set)?.is_some();
    let ended = table.set(id, hash.as_deref()).await.map_err(not_set)?;
    match hash {
        None if !had_one => writeln!(out, "`{name}` (user {id}) had no password")?,
        None => writeln!(out, "the password of `{name}` (user {id}) is removed")?,
        Some(_) => {
            writeln!(out, "the password of `{name}` (user {id}) is set")?;
            warn_if_barred(name, &user);
        }
    }
    report_ended(&table, ended, &mut out)
}

/// Reports how many sessions were ended.
fn report_ended(table: &PasswordTable, ended: u64, out: &mut impl Write) -> Result<ExitCode, Failure> {
    writeln!(out, "sessions that were ended in the store: {ended}")?;
    if ended > 0 && table.kind() == DatabaseKind::Sqlite {
        writeln!(
            out,
            "a service that runs on this file notices at its next check of users (--recheck-users, by default 60 s), \
             or when it is restarted"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn not_set(error: impl Into<StoreError>) -> Failure {
    Failure::from(error.into())
}

/// Opens the password table. Creates it if it does not exist.
async fn open(store_url: &str) -> Result<PasswordTable, Failure> {
    store::migrate(&StoreOptions::new(store_url)).await.map_err(not_set)?;
    PasswordTable::open(Database::connect(store_url).await?).await.map_err(not_set)
}

/// Warns that the ERP refuses the user: a password alone does not change that.
fn warn_if_barred(name: &str, user: &User) {
    let state = match user {
        User { active: false, .. } => "not active",
        User { locked: true, .. } => "locked",
        _ => return,
    };
    anstream::eprintln!(
        "warning: `{name}` is {state} in the ERP, and cannot sign in until that is changed there"
    );
}

/// The user with a login name.
async fn user_named(reader: &ErpReader, name: &str) -> Result<User, Failure> {
    let user = reader.user_named(name).await?;
    let unknown = || {
        Failure::nothing_done(format!("there is no user `{name}` in {}", reader.database().place()))
            .advise("Write the name as in `ad_user.username`.")
    };
    user.ok_or_else(unknown)
}

/// Lists the users with a password, one per line: name and id.
async fn list_users(
    reader: &ErpReader,
    table: &PasswordTable,
    out: &mut impl Write,
) -> Result<ExitCode, Failure> {
    let names: HashMap<UserId, Option<String>> =
        reader.users().await?.into_iter().map(|user| (user.id, user.username)).collect();
    let mut lines: Vec<(String, UserId)> = Vec::new();
    for id in table.users().await.map_err(not_set)? {
        let name = match names.get(&id) {
            Some(Some(name)) => name.clone(),
            Some(None) => "(a user without a name)".to_owned(),
            None => "(not a user of the ERP)".to_owned(),
        };
        lines.push((name, id));
    }
    lines.sort_unstable();
    for (name, id) in lines {
        writeln!(out, "{name}\t{id}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a password: at a terminal typed twice without echo, otherwise a line of standard input.
fn read_password(user: &str) -> Result<String, Failure> {
    let unreadable = |error| Failure::nothing_done(format!("the password cannot be read: {error}"));
    if io::stdin().is_terminal() {
        #[cfg(unix)]
        let _hidden = HiddenTyping::begin().map_err(unreadable)?;
        let password = rpassword::prompt_password(format!("Password for {user}: ")).map_err(unreadable)?;
        check(&password)?;
        if rpassword::prompt_password("Repeat the password: ").map_err(unreadable)? != password {
            return Err(nothing_changed("the two passwords differ"));
        }
        return Ok(password);
    }
    let mut line = Vec::new();
    // Enough bytes to detect a password that is too long.
    let limit = u64::try_from(MAX_PASSWORD_BYTES).unwrap_or(u64::MAX) + 3;
    io::stdin().lock().take(limit).read_until(b'\n', &mut line).map_err(unreadable)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line.as_slice());
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    check_length(line.len())?;
    let password = str::from_utf8(line).map_err(|_| nothing_changed("the password is not UTF-8"))?.to_owned();
    check(&password)?;
    Ok(password)
}

fn nothing_changed(why: &str) -> Failure {
    Failure::nothing_done(why).advise("Nothing was changed. Use --remove to remove a password.")
}

/// Checks the length of a password.
fn check(password: &str) -> Result<(), Failure> {
    if password.is_empty() {
        return Err(nothing_changed("no password was given"));
    }
    check_length(password.len())?;
    if password.chars().count() < MIN_CHARACTERS {
        return Err(Failure::nothing_done(format!("a password has at least {MIN_CHARACTERS} characters")));
    }
    Ok(())
}

fn check_length(bytes: usize) -> Result<(), Failure> {
    if bytes > MAX_PASSWORD_BYTES {
        return Err(Failure::nothing_done(format!("a password has at most {MAX_PASSWORD_BYTES} bytes")));
    }
    Ok(())
}

/// Reads users and hashes from a file of lines `user:password`. Checks all lines before it hashes a password.
async fn read_file(reader: &ErpReader, file: &Path) -> Result<Vec<(UserId, String)>, Failure> {
    let is_stdin = file == Path::new("-");
    let place = if is_stdin { "standard input".to_owned() } else { format!("`{}`", file.display()) };
    let unreadable = |error: io::Error| Failure::nothing_done(format!("{place} cannot be read: {error}"));
    let mut text = Vec::new();
    if is_stdin {
        io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    } else {
        if let Some(warning) = exposure::file_warning(file) {
            anstream::eprintln!("warning: {warning}");
        }
        let opened = File::open(file).map_err(unreadable)?;
        opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    }
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        // A truncated line could look complete.
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()).advise("Nothing was changed. Split it."));
    }
    let text = String::from_utf8(text).map_err(|error| {
        let line = 1 + error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to())
            .filter(|&&byte| byte == b'\n')
            .count();
        Failure::nothing_done(format!("line {line} of {place} is not UTF-8")).advise("Nothing was changed.")
    })?;
    let mut passwords = Vec::new();
    let mut seen = HashSet::new();
    // Some editors write a byte order mark.
    let lines = text.strip_prefix('\u{feff}').unwrap_or(&text).lines();
    let lines = lines.map(|line| line.strip_suffix('\r').unwrap_or(line));
    for (number, line) in lines.enumerate().filter(|(_, line)| !line.is_empty()) {
        let wrong = |why: &str| {
            Failure::nothing_done(format!("line {} of {place}: {why}", number + 1))
                .advise("Nothing was changed.")
        };
        let (name, password) =
            line.split_once(':').ok_or_else(|| wrong("it is not of the form `user:password`"))?;
        let user = reader.user_named(name).await?;
        let user = user.ok_or_else(|| wrong(&format!("there is no user `{name}`")))?;
        if !seen.insert(user.id) {
            return Err(wrong(&format!("user `{name}` occurs twice")));
        }
        check(password).map_err(|failure| wrong(&failure.to_string()))?;
        warn_if_barred(name, &user);
        passwords.push((user.id, password.to_owned()));
    }
    if passwords.is_empty() {
        return Err(nothing_changed("the file contains no user"));
    }
    // Hashing is slow by design, so use all processors.
    let tasks: Vec<_> = passwords
        .into_iter()
        .map(|(id, password)| tokio::task::spawn_blocking(move || (id, hash_password(&password))))
        .collect();
    let mut hashes = Vec::with_capacity(tasks.len());
    for task in tasks {
        let (id, hash) = task.await.map_err(Failure::nothing_done)?;
        hashes.push((id, hash.map_err(Failure::nothing_done)?));
    }
    Ok(hashes)
}
