//! Filling an ERP's tables from files: all or nothing.

mod error;
mod file;
mod references;
mod source;
mod timestamp;
mod write;

use std::path::Path;

pub use error::{ImportError, RowPlace, ValueProblem};
pub use source::MAX_FILE_BYTES;
#[cfg(feature = "demo")]
pub(crate) use source::Source;
pub use write::Imported;
#[cfg(feature = "demo")]
pub(crate) use write::import_sources;

use crate::backend::Database;

/// Imports the files of a client's folder, or of a folder of such folders, in one transaction.
///
/// A file is named after its table (`ad_org.json`) and holds one array of objects, in any layout of JSON, as
/// PostgreSQL's `json_agg` gives it by way of psql: the end of a line alone is a table without rows. Other
/// files are ignored. Keys are the columns' names in lower case; columns that nothing here asks for are
/// ignored and listed in [`Imported::ignored`]. Texts, ids and flags (`"Y"`, `"N"`) are texts, `seqno` and
/// `levelno` are numbers; blanks are kept. A column that is absent is null, and so is an empty `parent_id`.
/// The audit columns `created` and `updated` are ISO dates or dates with times, without a zone; where no row
/// of a file has a value for one of the audit columns, it is left to the table's default. Tables that are
/// missing in the database are created, with their indexes; those that are there are taken as they are. A
/// column that the ERP got with a later version (`timezone`, `ad_groupbusinessunit_org_id` and what is stored
/// when an organization is set ready) is created only if a row of the files names it, so that the new
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
/// let imported = erp_db::import(&database, Path::new("rows")).await?;
/// for (table, rows) in &imported.rows {
///     println!("{table}: {rows}");
/// }
/// # Ok(())
/// # }
/// ```
pub async fn import(database: &Database, folder: &Path) -> Result<Imported, ImportError> {
    write::import_sources(database, source::find(folder)?).await
}
