//! Fills the tables of an Openbravo or Etendo database from JSON files, and makes a demonstration database.
//!
//! [`import()`] takes what PostgreSQL's `json_agg` gives of an ERP's tables, and creates the tables that are
//! missing. With the feature `demo`, `demo::create` makes an SQLite file with Openbravo's sample clients:
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
//! In the order in which to read: `source` finds files, `file` reads and checks their rows, `create` makes
//! tables, `write` inserts the rows, and `references` checks what they refer to.

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

/// Imports the files of a client's folder, or of a folder of such folders, in one transaction.
///
/// A file is named after its table (`ad_org.json`) and holds one array of objects, in any layout of JSON, as
/// PostgreSQL's `json_agg` gives it by way of psql: the end of a line alone is a table without rows. Other
/// files are ignored. Keys are the columns' names in lower case; columns that nothing here asks for are
/// ignored and listed in [`ImportSummary::ignored`]. Texts, ids and flags (`"Y"`, `"N"`) are texts, `seqno`
/// and `levelno` are numbers; blanks are kept. A column that is absent is null, and so is an empty
/// `parent_id`. The audit columns `created` and `updated` are ISO dates or dates with times, without a zone;
/// where no row of a file has a value for one of the audit columns, it is left to the table's default. Tables
/// that are missing in the database are created, with their indexes; those that are there are taken as they
/// are. A column that the ERP got with a later version (`timezone`, `ad_groupbusinessunit_org_id` and what is
/// stored when an organization is set ready) is created only if a row of the files names it, so that the new
/// database is of the version that the rows come from.
///
/// When all is read, every column that refers to one of these tables must refer to a row of the import or of
/// the database. `ad_treenode.node_id` and `parent_id`, the columns that refer to other tables
/// (`c_calendar_id` and so on), and the users in the audit columns are not checked.
///
/// # Memory
/// A file of at most [`MAX_FILE_BYTES`] at a time, its rows, and the keys and the different references of all
/// files.
///
/// # Errors
/// [`ImportError`] with the file and the row, wherever one is to blame. Nothing was imported then.
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
