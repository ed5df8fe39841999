//! `orgcache check`: tests what `serve` needs, and reports what is wrong and how to fix it. Changes nothing.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use erp_db::{Database, ErpReader, PasswordTable, ReadError, StoreError, StoreOptions, revisions, store};
use session::ClientId;

use super::serve::{self, Subject};
use super::{descriptors, rights};
use crate::cli::{ErpArguments, ServeArguments};
use crate::exposure;
use crate::failure::{Failure, REFUSED};
use crate::http::{ListenAddress, ListenError, Server, Settings};
use crate::revocation_backlog::RevocationBacklog;

/// The tolerated difference between two clocks, the same as for assertions.
const MAX_CLOCK_DIFFERENCE: Duration = Duration::from_secs(5);

/// The free bytes that an SQLite store needs to be created, and to work permanently.
const MIN_SPACE: u64 = 1_000_000;
const AMPLE_SPACE: u64 = 100_000_000;

/// The folder for sockets that systemd creates while the unit runs (`RuntimeDirectory`).
const UNIT_FOLDER: &str = "/run/orgcache";

/// The maximum number of findings per client that are reported in full.
const MAX_FINDINGS: usize = 10;

pub(crate) async fn run(
    erp: &ErpArguments,
    exposed: &[String],
    arguments: &ServeArguments,
) -> Result<ExitCode, Failure> {
    let mut report = Report { out: anstream::stdout().lock(), problems: 0, warnings: 0, written: Ok(()) };
    for warning in exposed {
        report.warn(warning, "");
    }
    let subject = Subject::from_arguments(erp, arguments);
    match subject {
        Subject::Odoo(url) => companies(&mut report, erp, url).await,
        Subject::McpAlone => report.ok("no ERP is named: `/mcp` alone is served"),
        Subject::Database | Subject::Demonstration => {
            if let Some(reader) = report.ok_or_report(serve::open_erp(erp, None, arguments).await) {
                report.ok(format_args!("the ERP's database answers: {}", reader.database().place()));
                rows(&mut report, &reader).await;
                clock(&mut report, reader.database()).await;
            }
        }
    }
    if let (Subject::McpAlone, Some(_)) = (subject, &arguments.store_url) {
        report.warn(serve::UNUSED_STORE, "");
    }
    match report.ok_or_report(serve::store_options(subject, arguments)) {
        Some(Some(options)) => store(&mut report, subject, &options, arguments).await,
        Some(None) if subject != Subject::McpAlone => report.ok("sessions are kept in memory"),
        _ => {}
    }
    files(&mut report, subject, arguments);
    listening(&mut report, subject, arguments).await;
    let most = Settings::default().max_connections;
    let connections = descriptors::connections(most);
    let found = format!("descriptors for {connections} connections");
    if connections < most {
        report.warn(found, "Raise the hard limit: `LimitNOFILE=65536` in the unit, `ulimit -Hn` in a shell.");
    } else {
        report.ok(found);
    }
    report.finish()
}

/// Writes the results line by line, and counts problems and warnings.
struct Report<W> {
    out: W,
    problems: usize,
    warnings: usize,
    /// The first error in writing, if any.
    written: io::Result<()>,
}

impl<W: Write> Report<W> {
    fn ok(&mut self, what: impl Display) {
        self.line("ok     ", &what, "");
    }

    fn warn(&mut self, what: impl Display, advice: &str) {
        self.warnings += 1;
        self.line("warning", &what, advice);
    }

    fn problem(&mut self, what: impl Display, advice: &str) {
        self.problems += 1;
        self.line("PROBLEM", &what, advice);
    }

    /// Reports a failure as a problem. Returns the value otherwise.
    fn ok_or_report<T>(&mut self, found: Result<T, impl Into<Failure>>) -> Option<T> {
        found
            .map_err(Into::into)
            .map_err(|failure| self.problem(&failure, failure.advice().unwrap_or_default()))
            .ok()
    }

    fn line(&mut self, kind: &str, what: &dyn Display, advice: &str) {
        let indent = |text: &str| text.replace('\n', "\n         ");
        let mut text = format!("{kind}  {}\n", indent(&what.to_string()));
        if !advice.is_empty() {
            text.push_str(&format!("         {}\n", indent(advice)));
        }
        if self.written.is_ok() {
            self.written = self.out.write_all(text.as_bytes());
        }
    }

    fn finish(mut self) -> Result<ExitCode, Failure> {
        self.written?;
        let warnings = count(self.warnings, "warning");
        if self.problems == 0 {
            writeln!(self.out, "`serve` can start; {warnings}")?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(self.out, "{}, {warnings}", count(self.problems, "problem"))?;
        Ok(ExitCode::from(REFUSED))
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Logs the loader in to Odoo, and reads the companies once.
async fn companies(report: &mut Report<impl Write>, erp: &ErpArguments, url: &str) {
    let Some(source) = report.ok_or_report(erp.odoo.connect(url).await) else { return };
    let place = &source.odoo().config().url;
    report.ok(format_args!("odoo answers, and the loader may read what it needs: {place}"));
    match source.tree().await {
        Ok(tree) => {
            report.ok(format_args!("{} companies make a tree", tree.structure.len()));
            for finding in tree.findings.iter().take(MAX_FINDINGS) {
                report.warn(finding, "");
            }
        }
        Err(error) => report.problem(error, "Fix the companies in Odoo."),
    }
}

/// Reads once everything that logins read.
async fn rows(report: &mut Report<impl Write>, reader: &ErpReader) {
    let Some(clients) = report.ok_or_report(reader.clients().await) else { return };
    if clients.is_empty() {
        report.problem("there is no client", "Is this the ERP's database, and does it have rows?");
    }
    for client in &clients {
        let read = async {
            let id = ClientId::new(&client.id).map_err(Failure::nothing_done)?;
            reader.directory(id).await?;
            reader.roles_of_client(id, None, 1).await?;
            Ok::<_, Failure>(reader.load_tree(id).await?)
        };
        let name = format!("client `{}` ({})", client.name, client.id);
        match read.await {
            // The client System normally has no organizations.
            Ok(loaded) if client.id == "0" && loaded.structure.is_empty() => {
                report.ok(format_args!("{name}: no organizations"));
            }
            Ok(loaded) => {
                report.ok(format_args!("{name}: {} organizations", loaded.structure.len()));
                for finding in loaded.findings.iter().take(MAX_FINDINGS) {
                    report.warn(format_args!("{name}: {finding}"), "");
                }
                if let Some(further) =
                    loaded.findings.len().checked_sub(MAX_FINDINGS).filter(|more| *more > 0)
                {
                    let message = format_args!("{name}: {further} more findings");
                    report.warn(message, "`orgcache tree` lists them.");
                }
            }
            Err(error) => report.problem(
                format_args!("{name}: {error}"),
                "No user of this client can log in until the rows are fixed, or can be read.",
            ),
        }
    }
    let users = async {
        let users = reader.users().await?;
        if let Some(user) = users.first() {
            reader.user_roles(user.id).await?;
        }
        let admitted = users.iter().filter(|user| user.active && !user.locked && user.username.is_some());
        Ok::<_, ReadError>((users.len(), admitted.count()))
    };
    match report.ok_or_report(users.await) {
        Some((users, 0)) => report.warn(
            format_args!("none of the {users} users is admitted"),
            "To log in, a user must be active, not locked, and have a name (`ad_user.username`).",
        ),
        Some((users, admitted)) => report.ok(format_args!("users: {users}, admitted: {admitted}")),
        None => {}
    }
    match revisions::are_kept(reader.database()).await {
        Ok(true) => report.ok("changes of trees are counted"),
        Ok(false) => report
            .ok("changes of trees are not counted: logins digest or read the rows (`revisions install`)"),
        Err(error) => report.warn(error, ""),
    }
}

async fn clock(report: &mut Report<impl Write>, database: &Database) {
    let theirs = match database.now().await {
        Ok(theirs) => theirs,
        Err(error) => return report.warn(error, ""),
    };
    let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let difference = ours.abs_diff(theirs);
    let seconds = difference.as_secs_f64();
    let message = format!("this machine's clock and that of {} differ by {seconds:.3} s", database.place());
    if difference > MAX_CLOCK_DIFFERENCE {
        report.warn(message, "Synchronize both with a time server: signed assertions are valid for seconds.");
    } else {
        report.ok(message);
    }
}

async fn store(
    report: &mut Report<impl Write>,
    subject: Subject<'_>,
    options: &StoreOptions,
    arguments: &ServeArguments,
) {
    let Some(file) = report.ok_or_report(options.sqlite_file().map_err(StoreError::from)) else { return };
    if let Some(file) = &file {
        space(report, file);
    }
    let granted = rights::check(None, Some(options), serve::purpose(arguments)).await;
    if report.ok_or_report(granted).is_none() {
        return;
    }
    let created = file.as_ref().filter(|file| !file.exists());
    let steps = store::rehearse(options).await;
    if let Some(created) = created {
        // Remove the file that the rehearsal created. A symbolic link to it stays.
        drop(created.canonicalize().and_then(std::fs::remove_file));
    }
    let steps = match steps {
        Err(error @ StoreError::InUse { .. }) => {
            report.warn(error, "Nothing is wrong if it is this service.");
            Some(0)
        }
        steps => report.ok_or_report(steps),
    };
    let Some(steps) = steps else { return };
    report.ok_or_report(RevocationBacklog::for_store(options).and_then(|backlog| backlog.check()));
    if steps > 0 {
        return report.ok("the session store will get its tables when `serve` starts");
    }
    report.ok("the session store has its tables, and may write to them");
    if let Some(warning) = file.as_deref().and_then(exposure::file_warning) {
        report.warn(warning, "");
    }
    let users = async {
        let database =
            Database::connect_with(&options.url, serve::limits()).await.map_err(StoreError::from)?;
        let users = PasswordTable::open(database.clone()).await?.users().await?;
        Ok::<_, Failure>((users.len(), database))
    };
    if let Some((users, database)) = report.ok_or_report(users.await) {
        let others = !arguments.assertions.assertion_key.is_empty() || arguments.erp_passwords;
        if users > 0 || others || subject != Subject::Database {
            report.ok(format_args!("users with a password: {users}"));
        } else {
            report.warn(
                "no user can log in yet: none has a password, and assertions are not configured",
                "Set passwords with `orgcache password`, or configure --assertion-key.",
            );
        }
        clock(report, &database).await;
    }
}

/// Checks the free space for an SQLite file and its log.
fn space(report: &mut Report<impl Write>, file: &Path) {
    let Some(free) = free_bytes(file) else { return };
    let message = format!("{} KB are free for `{}`", free / 1_000, file.display());
    if free < MIN_SPACE {
        report.problem(message, "Make room on the disk.");
    } else if free < AMPLE_SPACE {
        report.warn(message, "Make room on the disk: the log file alone grows to about 40 MB.");
    }
}

#[cfg(unix)]
fn free_bytes(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let disk = rustix::fs::statvfs(folder.unwrap_or(Path::new("."))).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Checks the files with keys of assertions and with the principals of `/mcp`.
fn files(report: &mut Report<impl Write>, subject: Subject<'_>, arguments: &ServeArguments) {
    if let Some(Some(_)) = report.ok_or_report(serve::assertion_key(&arguments.assertions)) {
        report.ok("the keys of assertions can be read");
    }
    let settings = report.ok_or_report(serve::settings(subject, arguments, true));
    if settings.is_some_and(|settings| settings.mcp.is_some()) {
        report.ok("the file of --mcp can be read");
    }
    let of_keys = arguments.assertions.assertion_key.iter().filter_map(|file| exposure::key_warning(file));
    for warning in arguments.mcp.iter().filter_map(|file| exposure::file_warning(file)).chain(of_keys) {
        report.warn(warning, "");
    }
}

/// Checks that the addresses can be bound, and releases them.
async fn listening(report: &mut Report<impl Write>, subject: Subject<'_>, arguments: &ServeArguments) {
    if let Some(Some(address)) = report.ok_or_report(serve::beyond_loopback(&arguments.listen, subject).await)
    {
        let message = format_args!("`{address}` is beyond loopback");
        report.warn(message, "A proxy in front must terminate TLS.");
    }
    for address in &arguments.listen {
        match Server::bind_all(std::slice::from_ref(address)).await {
            Ok(_) => report.ok(format_args!("`{address}` is free")),
            Err(error) if error.cause.kind() == io::ErrorKind::AddrInUse => report.warn(
                format_args!("something listens on `{address}` already"),
                "Nothing is wrong if it is this service.",
            ),
            Err(ListenError { address: ListenAddress::Unix(path), .. })
                if path.parent() == Some(Path::new(UNIT_FOLDER)) && !Path::new(UNIT_FOLDER).exists() =>
            {
                report.ok(format_args!("`{address}`: the unit creates the folder when it starts"));
            }
            Err(error) => {
                report.ok_or_report(Err::<(), _>(serve::bind_failure(error)));
            }
        }
    }
}
