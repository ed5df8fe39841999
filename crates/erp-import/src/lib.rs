//! Fills the tables of an Openbravo or Etendo database from JSON files, and creates a demonstration database.
//!
//! [`import()`] reads the output of PostgreSQL's `json_agg` for an ERP's tables, and creates missing tables.
//! With the feature `demo`, `demo::create` creates an SQLite file with Openbravo's sample clients:
//!
//! ```
//! # async fn backend() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("erp.db");
//! use erp_db::{Database, ErpReader};
//!
//! erp_import::demo::create(&file).await?;
//! let erp = ErpReader::open(Database::open_file(&file).await?).await?;
//! let tree = erp.load_tree("23C59575B9CF467C9620760EB255B389".parse()?).await?.structure;
//! assert_eq!(tree.len(), 8);
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(backend()).unwrap();
//! ```
//!
//! Reading order: `source` finds files, `file` parses and checks their rows, `create` creates tables, `write`
//! inserts the rows, and `references` checks their foreign keys.

mod create;
#[cfg(feature = "demo")]
pub mod demo;
mod error;
mod file;
mod references;
mod source;
mod timestamp;
mod write;

use std::path::Path;

pub use error::{ImportError, RowPlace, ValueProblem};
pub use source::MAX_FILE_BYTES;
pub use write::ImportSummary;

use erp_db::Database;

/// Imports the files of one client's folder, or of a folder with such folders, in one transaction.
///
/// A file is named after its table (`ad_org.json`) and contains one JSON array of objects, as psql prints the
/// result of `json_agg`. A file with only a line end is a table without rows. Other files are ignored. Keys
/// are column names in lower case. Unknown columns are ignored and listed in [`ImportSummary::ignored`].
/// Texts, ids and flags (`"Y"`, `"N"`) are JSON texts, `seqno` and `levelno` are numbers; blanks are
/// significant. An absent column is null, and so is an empty `parent_id`. The audit columns `created` and
/// `updated` are ISO dates or timestamps without a zone. If no row of a file has a value for an audit column,
/// the table's default applies.
///
/// Missing tables are created, with their indexes; existing tables are not changed. A column that a later
/// version of the ERP added (`timezone`, `ad_groupbusinessunit_org_id` and those that are set when an
/// organization becomes ready) is created only if a row of the files names it, so that the new database has
/// the version of the rows.
///
/// At the end, every column that refers to one of these tables must refer to a row of the import or of the
/// database. `ad_treenode.node_id` and `parent_id`, the columns that refer to other tables (`c_calendar_id`
/// and so on), and the users in the audit columns are not checked.
///
/// # Memory
/// One file of at most [`MAX_FILE_BYTES`] at a time, its rows, and the keys and distinct references of all
/// files.
///
/// # Errors
/// [`ImportError`], with file and row if a row is at fault. In that case nothing was imported.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// let database = erp_db::Database::connect("sqlite:erp.db?mode=rwc").await?;
/// let imported = erp_import::import(&database, Path::new("rows")).await?;
/// for (table, rows) in &imported.rows {
///     println!("{table}: {rows}");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn import(database: &Database, folder: &Path) -> Result<ImportSummary, ImportError> {
    write::import_sources(database, source::find(folder)?).await
}
