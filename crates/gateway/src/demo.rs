//! Opens the database of a command: the named one, or the demonstration database, created on first use.

mod generated;
mod users;

use std::io::Write;
use std::path::{Path, PathBuf};

use erp_db::{ConnectionLimits, Database, ErpReader};
use erp_import::demo;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use session::SessionManager;

pub(crate) use users::{ADMINISTRATOR, users};

use crate::failure::Failure;

/// Characters to percent-encode in the path of a URL.
const URL_PATH_ESCAPES: &AsciiSet = &CONTROLS.add(b'%').add(b'?').add(b'#');

/// Opens the database at a URL, or the demonstration database.
pub(crate) async fn open(url: Option<&str>) -> Result<ErpReader, Failure> {
    Ok(ErpReader::open(connect(url, ConnectionLimits::default()).await?).await?)
}

/// Connects to the database without reading its tables.
pub(crate) async fn connect(url: Option<&str>, limits: ConnectionLimits) -> Result<Database, Failure> {
    let url = match url {
        Some(url) => url.to_owned(),
        None => {
            let file = demo_file()?;
            create(&file).await?;
            let path = file.to_string_lossy();
            format!("sqlite:{}?mode=ro", utf8_percent_encode(&path, URL_PATH_ESCAPES))
        }
    };
    Ok(Database::connect_with(&url, limits).await?)
}

/// Creates the demonstration database unless it exists.
async fn create(file: &Path) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::nothing_done(format!("cannot create folder `{}`: {error}", folder.display()))
        })?;
    }
    match demo::create_with(file, generated::rows).await {
        Ok(demo::DemoOutcome::Now) => {
            // Standard error may be closed.
            drop(writeln!(anstream::stderr(), "created the demonstration database {}", file.display()));
        }
        Ok(demo::DemoOutcome::Before) => {}
        Err(error) => return Err(Failure::nothing_done(&error)),
    }
    Ok(())
}

/// Creates sample sessions: logs each user of the generated client in, once before and once after a change of
/// its tree in the database, as an ERP makes it.
pub(crate) async fn sign_in_visitors(manager: &SessionManager) -> Result<(), Failure> {
    users::sign_in_visitors(manager).await?;
    demo::change(&demo_file()?, &generated::CHANGE).await.map_err(Failure::nothing_done)?;
    users::sign_in_visitors(manager).await
}

/// The path of this version's demonstration database.
fn demo_file() -> Result<PathBuf, Failure> {
    let file = data_folder()?.join(concat!("demo-", env!("CARGO_PKG_VERSION"), ".db"));
    if file.to_str().is_none() {
        let refused = format!("the path of the demonstration database `{}` is not UTF-8", file.display());
        return Err(Failure::nothing_done(refused)
            .advise("Set XDG_DATA_HOME to a folder whose path is, or name a database with --database-url."));
    }
    Ok(file)
}

/// The folder for our files in the user's data directory, by the XDG base directory specification.
pub(crate) fn data_folder() -> Result<PathBuf, Failure> {
    let from = |variable| std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = from("XDG_DATA_HOME").or_else(|| from("HOME").map(|home| home.join(".local/share")));
    let data = data.ok_or_else(|| {
        Failure::nothing_done("there is no data folder: neither HOME nor XDG_DATA_HOME is an absolute path")
            .advise("Set one of them; for the demonstration database, --database-url names another one.")
    })?;
    Ok(data.join("orgcache"))
}
