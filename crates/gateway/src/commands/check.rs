//! `orgcache check`: tries what `serve` will need, and says what is wrong and how to mend it. It changes
//! nothing.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use erp_db::{Database, ErpReader, PasswordTable, Purpose, StoreOptions, revisions, store};
use session::ClientId;

use super::{rights, serve};
use crate::cli::ServeArguments;
use crate::commands::descriptors;
use crate::exposure;
use crate::failure::{Failure, REFUSED};
use crate::http::{Server, Settings};
use crate::odoo_arguments::OdooArguments;

/// By how much two clocks may differ: a signed assertion may be ahead by as much.
const APART: Duration = Duration::from_secs(5);

/// The most findings of a client that are written out.
const FINDINGS: usize = 10;

pub(crate) async fn run(
    url: Option<&str>,
    exposed: &[String],
    odoo: &OdooArguments,
    arguments: &ServeArguments,
) -> Result<ExitCode, Failure> {
    let mut report = Report { out: anstream::stdout().lock(), problems: 0, warnings: 0 };
    for warning in exposed {
        report.warn(warning, "")?;
    }
    let is_alone = url.is_none() && odoo.odoo_url.is_none() && arguments.mcp.is_some();
    if odoo.odoo_url.is_some() {
        companies(&mut report, odoo).await?;
    } else if is_alone {
        report.ok("no ERP is named: `/mcp` alone is served")?;
    } else if let Some(reader) = erp(&mut report, url, arguments).await? {
        rows(&mut report, &reader).await?;
        clock(&mut report, reader.database()).await?;
    }
    store(&mut report, url.is_none(), arguments).await?;
    files(&mut report, arguments)?;
    listening(&mut report, arguments).await?;
    let most = Settings::default().max_connections;
    let connections = descriptors::connections(most);
    let found = format!("descriptors for {connections} connections");
    if connections < most {
        report
            .warn(found, "Raise the hard limit: `LimitNOFILE=65536` in the unit, `ulimit -Hn` in a shell.")?;
    } else {
        report.ok(found)?;
    }
    report.end()
}

/// What was found, line by line.
struct Report<W> {
    out: W,
    problems: usize,
    warnings: usize,
}

impl<W: Write> Report<W> {
    fn ok(&mut self, what: impl std::fmt::Display) -> io::Result<()> {
        writeln!(self.out, "ok       {what}")
    }

    fn warn(&mut self, what: impl std::fmt::Display, advice: &str) -> io::Result<()> {
        self.warnings += 1;
        self.line("warning", &what, advice)
    }

    fn problem(&mut self, what: impl std::fmt::Display, advice: &str) -> io::Result<()> {
        self.problems += 1;
        self.line("PROBLEM", &what, advice)
    }

    fn failure(&mut self, failure: &Failure) -> io::Result<()> {
        self.problem(failure, failure.advice().unwrap_or_default())
    }

    fn line(&mut self, kind: &str, what: &impl std::fmt::Display, advice: &str) -> io::Result<()> {
        let lines = |text: &str| text.replace('\n', "\n         ");
        writeln!(self.out, "{kind}  {}", lines(&what.to_string()))?;
        if advice.is_empty() { Ok(()) } else { writeln!(self.out, "         {}", lines(advice)) }
    }

    fn end(mut self) -> Result<ExitCode, Failure> {
        let Report { problems, warnings, .. } = self;
        if problems == 0 {
            writeln!(self.out, "`serve` can start; {}", count(warnings, "warning"))?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(self.out, "{}, {}", count(problems, "problem"), count(warnings, "warning"))?;
        Ok(ExitCode::from(REFUSED))
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Logs the loader of an Odoo in, and reads the companies once.
async fn companies(report: &mut Report<impl Write>, odoo: &OdooArguments) -> Result<(), Failure> {
    let source = match odoo.connect().await {
        Ok(Some(source)) => source,
        Ok(None) => return Ok(()),
        Err(failure) => return Ok(report.failure(&failure)?),
    };
    report.ok(format_args!(
        "odoo answers, and the loader sees what it has to: {}",
        source.odoo().config().url
    ))?;
    match source.tree().await {
        Ok(tree) => {
            report.ok(format_args!("{} companies make a tree", tree.structure.len()))?;
            for finding in tree.findings.iter().take(FINDINGS) {
                report.warn(finding, "")?;
            }
        }
        Err(error) => report.problem(error, "Mend the companies in Odoo.")?,
    }
    Ok(())
}

async fn erp(
    report: &mut Report<impl Write>,
    url: Option<&str>,
    arguments: &ServeArguments,
) -> Result<Option<ErpReader>, Failure> {
    let purpose = Purpose::Service { erp_passwords: arguments.erp_passwords };
    match serve::open_erp(url, None, purpose).await {
        Ok(reader) => {
            report.ok(format_args!("the ERP's database answers: {}", reader.database().place()))?;
            Ok(Some(reader))
        }
        Err(failure) => {
            report.failure(&failure)?;
            Ok(None)
        }
    }
}

/// Reads everything that logins read, once.
async fn rows(report: &mut Report<impl Write>, reader: &ErpReader) -> Result<(), Failure> {
    let clients = match reader.clients().await {
        Ok(clients) => clients,
        Err(error) => return Ok(report.failure(&error.into())?),
    };
    if clients.is_empty() {
        report.problem("there is no client", "Is this the ERP's database, and has it rows?")?;
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
            Ok(loaded) => {
                report.ok(format_args!("{name}: {} organizations", loaded.structure.len()))?;
                for finding in loaded.findings.iter().take(FINDINGS) {
                    report.warn(format_args!("{name}: {finding}"), "")?;
                }
                if let Some(further) = loaded.findings.len().checked_sub(FINDINGS).filter(|more| *more > 0) {
                    report.warn(
                        format_args!("{name}: {further} findings more"),
                        "`orgcache tree` lists them.",
                    )?;
                }
            }
            Err(error) => report.problem(
                format_args!("{name}: {error}"),
                "No user of this client can sign in until the rows are mended, or the user may read them.",
            )?,
        }
    }
    let users = async {
        let users = reader.users().await?;
        if let Some(user) = users.first() {
            reader.user_roles(user.id).await?;
        }
        Ok::<_, erp_db::ReadError>(users.len())
    };
    match users.await {
        Ok(0) => report.warn("there is no user", "Is this the ERP's database, and has it rows?")?,
        Ok(users) => report.ok(format_args!("users: {users}"))?,
        Err(error) => report.failure(&error.into())?,
    }
    match revisions::are_kept(reader.database()).await {
        Ok(true) => report.ok("changes of trees are counted")?,
        Ok(false) => {
            report.ok(
                "changes of trees are not counted: logins digest or read the rows (`revisions install`)",
            )?;
        }
        Err(error) => report.warn(error, "")?,
    }
    Ok(())
}

async fn clock(report: &mut Report<impl Write>, database: &Database) -> Result<(), Failure> {
    let theirs = match database.now().await {
        Ok(theirs) => theirs,
        Err(error) => return Ok(report.warn(error, "")?),
    };
    let ours = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let apart = ours.abs_diff(theirs);
    let said =
        format!("this machine's clock and that of {} differ by {} ms", database.place(), apart.as_millis());
    if apart > APART {
        report.warn(said, "Let both follow a time server: signed assertions are valid for seconds.")?;
    } else {
        report.ok(said)?;
    }
    Ok(())
}

async fn store(
    report: &mut Report<impl Write>,
    is_demo: bool,
    arguments: &ServeArguments,
) -> Result<(), Failure> {
    let Some(url) = &arguments.store_url else {
        if is_demo {
            report.ok("sessions are kept in memory")?;
        } else {
            report.failure(&serve::no_passwords())?;
        }
        return Ok(());
    };
    let mut options = StoreOptions::new(url);
    options.direct_url.clone_from(&arguments.store_direct_url);
    let file = match options.sqlite_file() {
        Ok(file) => file,
        Err(error) => return Ok(report.failure(&Failure::from(error))?),
    };
    let purpose = Purpose::Service { erp_passwords: arguments.erp_passwords };
    if let Err(failure) = rights::check_store(&options, purpose).await {
        return Ok(report.failure(&failure)?);
    }
    let made = file.as_ref().filter(|file| !file.exists());
    let steps = store::rehearse(&options).await;
    if let Some(made) = made {
        // It was made to see whether it can be; where that failed there is none. A link stays.
        drop(made.canonicalize().and_then(std::fs::remove_file));
    }
    match steps {
        Ok(0) => report.ok("the session store has its tables, and may write to them")?,
        Ok(_) => {
            report.ok("the session store will get its tables when `serve` starts")?;
            return Ok(());
        }
        Err(error) => return Ok(report.failure(&error.into())?),
    }
    if let Some(warning) = file.as_deref().and_then(exposure::of_file) {
        report.warn(warning, "")?;
    }
    let direct = arguments.store_direct_url.as_ref().unwrap_or(url);
    let users = async {
        let database = Database::connect_with(direct, serve::limits()).await?;
        let users = PasswordTable::open(database.clone()).await.map_err(Failure::nothing_done)?.users().await;
        Ok::<_, Failure>((users.map_err(Failure::nothing_done)?.len(), database))
    };
    match users.await {
        Ok((users, database)) => {
            let others = !arguments.assertions.assertion_key.is_empty() || arguments.erp_passwords || is_demo;
            if users > 0 || others {
                report.ok(format_args!("users with a password: {users}"))?;
            } else {
                report.warn(
                    "no user can sign in yet: none has a password, and no assertions are accepted",
                    "Set passwords with `orgcache password`, or configure --assertion-key.",
                )?;
            }
            clock(report, &database).await?;
        }
        Err(failure) => report.failure(&failure)?,
    }
    Ok(())
}

/// Keys of assertions and the principals of /mcp.
fn files(report: &mut Report<impl Write>, arguments: &ServeArguments) -> Result<(), Failure> {
    if !arguments.assertions.assertion_key.is_empty() {
        match serve::assertion_key(&arguments.assertions) {
            Ok(_) => report.ok("the keys of assertions can be read")?,
            Err(failure) => report.failure(&failure)?,
        }
    }
    match serve::settings(arguments, true, false) {
        Ok(settings) if settings.mcp.is_some() => report.ok("the file of --mcp can be read")?,
        Ok(_) => {}
        Err(failure) => report.failure(&failure)?,
    }
    for file in arguments.mcp.iter().chain(&arguments.assertions.assertion_key) {
        // A public key is no secret.
        let is_public = std::fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"-----BEGIN PUBLIC KEY"));
        if let Some(warning) = exposure::of_file(file).filter(|_| !is_public) {
            report.warn(warning, "")?;
        }
    }
    Ok(())
}

/// Takes the addresses, and gives them back.
async fn listening(report: &mut Report<impl Write>, arguments: &ServeArguments) -> Result<(), Failure> {
    match serve::beyond_loopback(&arguments.listen).await {
        Ok(Some(address)) => {
            report.warn(
                format_args!("`{address}` is beyond loopback"),
                "A proxy in front must terminate TLS.",
            )?;
        }
        Ok(None) => {}
        Err(failure) => report.failure(&failure)?,
    }
    for address in &arguments.listen {
        match Server::bind_all(std::slice::from_ref(address)).await {
            Ok(_) => report.ok(format_args!("`{address}` is free"))?,
            Err(error) if error.cause.kind() == io::ErrorKind::AddrInUse => report.warn(
                format_args!("something listens on `{address}` already"),
                "Nothing is wrong if it is this service.",
            )?,
            Err(error) => report.failure(&serve::not_bound(&error.address, &error.cause))?,
        }
    }
    Ok(())
}
