//! The command line: what may be said, and what the help says about it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const AFTER_HELP: &str = "\
Databases:
  sqlite:FILE            an existing SQLite file; sqlite:FILE?mode=rwc creates it
  postgres://USER:PASSWORD@HOST/DATABASE
  Without --database-url, the demonstration database: Openbravo's sample clients, in
  a SQLite file of your own, created on first use.

Exit status:
  0  done; with `query`, every line was answered
  1  the data was refused: a file, a row, a tree, or a line of `query`
  2  nothing could be done: wrong usage, or a database that cannot be opened or read";

/// Organization trees of an Openbravo or Etendo database: shown, asked, imported.
///
/// Without a command: every client's tree, one organization looked at closely, and what it all takes in memory.
#[derive(Debug, Parser)]
#[command(name = "orgcache", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    /// The database: sqlite:FILE or postgres://…, see below.
    #[arg(long, global = true, value_name = "URL", env = "ORGCACHE_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show a client's tree, and one organization closely.
    Tree(TreeArguments),
    /// Answer questions: one JSON object a line on standard input, one answer a line on standard output
    ///
    /// For example:
    ///
    ///   {"id": 1, "client": "23C59575B9CF467C9620760EB255B389", "call": "natural_tree", "args": {"org": "0"}}
    ///
    /// All calls are in docs/query.md.
    #[command(verbatim_doc_comment)]
    Query,
    /// Fill an ERP's tables from JSON files: all of them, or nothing.
    Import(ImportArguments),
    /// Serve an Odoo database to language models, by the Model Context Protocol on standard input and output
    ///
    /// It is set by the environment variables of mcp-server-odoo, such as ODOO_URL, ODOO_DB, ODOO_USER, ODOO_API_KEY
    /// and ODOO_YOLO. All of them are in docs/odoo.md.
    Mcp,
}

#[derive(Debug, Args)]
pub(crate) struct TreeArguments {
    /// The client whose tree to show; all of them if left out.
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// The organization to look at closely; the deepest one if left out.
    #[arg(long, value_name = "ID")]
    pub(crate) org: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// A client's folder, or a folder of them: one file a table, `ad_org.json` and so on, each an array of rows.
    pub(crate) dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
