//! The demonstration database: the sample rows, with active users.

use std::io;
use std::path::{Path, PathBuf};

use erp_db::{ConnectError, Database, StatementError};

use crate::error::ImportError;
use crate::source::Source;
use crate::write::import_sources;

/// Why the demonstration database could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The file cannot be written at its path.
    #[error("the demonstration database cannot be created as `{}`: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        cause: io::Error,
    },
    /// The new file cannot be opened as a database.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The sample rows were refused.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The users could not be activated.
    #[error(transparent)]
    Database(#[from] StatementError),
}

/// Which call created the demonstration database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoOutcome {
    /// This call.
    Now,
    /// An earlier or concurrent call. The file was not touched.
    Before,
}

/// Creates the demonstration database, unless the file exists.
///
/// It contains the sample rows, with all users set active so that they can log in. (An import itself does not
/// change rows.) The file appears complete or not at all: if several processes start at once, each finds one
/// complete database.
///
/// # Errors
/// [`DemoError`] if the folder does not exist or may not be written to.
pub async fn create(path: &Path) -> Result<DemoOutcome, DemoError> {
    create_with(path, Vec::new).await
}

/// As [`create`], with further rows per table, in the format that [`import`](crate::import()) reads from
/// files.
///
/// # Errors
/// As for [`create`], also if the further rows are refused.
pub async fn create_with(
    path: &Path,
    further: impl FnOnce() -> Vec<(&'static str, String)>,
) -> Result<DemoOutcome, DemoError> {
    let fail = |cause| DemoError::File { path: path.to_owned(), cause };
    if path.try_exists().map_err(fail)? {
        return Ok(DemoOutcome::Before);
    }
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let prefix = ".orgcache-demo-";
    let file = tempfile::Builder::new().prefix(prefix).suffix(".db").tempfile_in(folder).map_err(fail)?;
    let database = Database::open_file(file.path()).await?;
    fill(&database, further()).await?;
    database.close().await;
    file.as_file().sync_all().map_err(fail)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(DemoOutcome::Now),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(DemoOutcome::Before),
        Err(error) => Err(fail(error.error)),
    }
}

/// Executes statements on the demonstration database, all or none.
///
/// # Errors
/// [`DemoError`] if the database does not exist or a statement is refused.
pub async fn change(path: &Path, statements: &[&'static str]) -> Result<(), DemoError> {
    let database = Database::open_file(path).await?;
    let mut transaction = database.begin().await?;
    for statement in statements {
        transaction.write(*statement, &[]).await?;
    }
    transaction.commit().await?;
    database.close().await;
    Ok(())
}

async fn fill(database: &Database, further: Vec<(&'static str, String)>) -> Result<(), DemoError> {
    let sample = SAMPLE.iter().filter_map(|(table, name, json)| Source::embedded(table, name, *json));
    let further = further.into_iter().filter_map(|(table, json)| Source::embedded(table, table, json));
    import_sources(database, sample.chain(further).collect()).await?;
    let mut transaction = database.begin().await?;
    transaction.write("UPDATE ad_user SET isactive = 'Y'", &[]).await?;
    transaction.commit().await?;
    Ok(())
}

macro_rules! sample {
    ($($folder:literal: $($table:literal)+;)+) => {
        &[$($((
            $table,
            concat!($folder, "/", $table, ".json"),
            include_str!(concat!("../migrations/erp-sample/rows/", $folder, "/", $table, ".json")),
        )),+),+]
    };
}

/// The table, file name and rows of every sample file.
static SAMPLE: &[(&str, &str, &str)] = sample! {
    "system": "ad_client" "ad_orgtype" "ad_tree" "ad_clientinfo" "ad_org" "ad_treenode" "ad_role" "ad_user";
    "fb-international-group": "ad_client" "ad_tree" "ad_clientinfo" "ad_org" "ad_treenode" "ad_org_tree" "ad_role"
        "ad_role_orgaccess" "ad_user" "ad_user_roles";
    "qa-testing": "ad_client" "ad_tree" "ad_clientinfo" "ad_org" "ad_treenode" "ad_org_tree" "ad_role"
        "ad_role_orgaccess" "ad_user" "ad_user_roles";
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_file_is_embedded() {
        let rows = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/erp-sample/rows");
        let mut found = Vec::new();
        for folder in
            std::fs::read_dir(&rows).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
        {
            for file in std::fs::read_dir(&folder).unwrap() {
                found.push(file.unwrap().path().strip_prefix(&rows).unwrap().to_str().unwrap().to_owned());
            }
        }
        found.sort_unstable();
        let mut embedded: Vec<_> = SAMPLE.iter().map(|(_, name, _)| (*name).to_owned()).collect();
        embedded.sort_unstable();
        assert_eq!(embedded, found);
        assert!(SAMPLE.iter().all(|(table, name, json)| Source::embedded(table, name, *json).is_some()));
    }
}
