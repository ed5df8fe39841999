//! The command line: its commands, its options and their help texts.

mod erp;
mod serve;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::Resettable;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgGroup, ArgMatches, Args, CommandFactory, Error, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

pub(crate) use self::erp::ErpArguments;
pub(crate) use self::serve::{AssertionArguments, LogFormat, RightsArguments, ServeArguments};
use crate::exposure;
use crate::pg_options;

pub(crate) const AFTER_HELP: &str = "\
Databases:
  sqlite:FILE             an SQLite file; sqlite:FILE?mode=rwc creates it
  postgres://USER:PASSWORD@HOST/DATABASE
                          a PostgreSQL database. Put a URL with a password
                          into the variable: other users can see options
  none                    the demonstration: Openbravo's sample clients, in an
                          SQLite file of your own, created on first use

Exit status:
  0  done; with `query`, every line was answered
  1  data was refused: a file, a row, a tree, or a line of `query`; `check`
     found a problem; with `revisions status`, nothing is counted
  2  nothing was done: wrong usage or settings, a missing right, an
     unknown client, organization or user, or a file that cannot be used
 75  temporary failure: a database, Odoo or an address is not available;
     the same command may succeed later

Examples:
  orgcache                                    the demonstration on port 8080
  orgcache overview                           its trees, here at the terminal
  orgcache check --database-url postgres://reader@db/openbravo
  orgcache tree --database-url postgres://reader@db/openbravo

docs/operations.md describes how to serve your own ERP.";

/// Organization trees and sessions of an ERP (Openbravo, Etendo, Odoo), as a service and at the terminal
///
/// Without a command it runs `serve`.
#[derive(Debug, Parser)]
#[command(name = "orgcache", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) erp: ErpArguments,

    // Ends the heading above.
    #[command(flatten, next_help_heading = None::<&'static str>)]
    pub(crate) serve: ServeArguments,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Warnings about passwords on the command line.
    #[arg(skip)]
    pub(crate) password_warnings: Vec<String>,
}

impl Cli {
    /// The URLs of all databases.
    fn urls(&mut self) -> impl Iterator<Item = &mut String> {
        let of_command = match &mut self.command {
            Some(Command::Serve(arguments) | Command::Check(arguments)) => arguments.urls(),
            Some(Command::Password(arguments)) => [arguments.store_url.as_mut(), None],
            _ => [None, None],
        };
        let of_service = self.serve.urls();
        self.erp.database_url.as_mut().into_iter().chain(of_command.into_iter().chain(of_service).flatten())
    }

    /// Parses the command line. Exits with a message if it is invalid.
    pub(crate) fn read() -> Self {
        let matches = without_empty_variables(Self::command()).get_matches();
        let mut cli = Self::from_matches(&matches).unwrap_or_else(|error| error.exit());
        cli.urls().for_each(pg_options::add_to);
        cli
    }

    fn from_matches(matches: &ArgMatches) -> Result<Self, Error> {
        if let Some((command, _)) = matches.subcommand() {
            let of_serve = ServeArguments::augment_args(clap::Command::new("serve"));
            // Options of `serve` before another command would be ignored, so refuse them.
            let is_given =
                |id: &clap::Id| matches.value_source(id.as_str()) == Some(ValueSource::CommandLine);
            let misplaced = of_serve.get_arguments().find(|argument| is_given(argument.get_id()));
            if let Some(option) = misplaced.and_then(clap::Arg::get_long) {
                let takes_it = Self::command().find_subcommand(command).is_some_and(|command| {
                    command.get_arguments().any(|argument| argument.get_long() == Some(option))
                });
                let message = if takes_it {
                    format!("`--{option}` belongs after `{command}`")
                } else {
                    format!("`--{option}` belongs after `serve`, not before `{command}`")
                };
                return Err(Self::command().error(ErrorKind::ArgumentConflict, message));
            }
        }
        let mut cli = Self::from_arg_matches(matches)?;
        cli.password_warnings = password_warnings(&Self::command(), matches);
        Ok(cli)
    }
}

/// Parses the number of an option. Ignores blanks around it, as in lists.
fn number<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.trim().parse().map_err(|_| "expected a whole number")
}

/// Ignores environment variables that are set to an empty text.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = command.mut_args(|argument| match argument.get_env() {
        Some(name) if is_empty(name) => argument.env(Resettable::Reset),
        _ => argument,
    });
    command.mut_subcommands(without_empty_variables)
}

/// Warnings about URLs with a password that are given on the command line.
fn password_warnings(command: &clap::Command, matches: &ArgMatches) -> Vec<String> {
    let mut warnings = Vec::new();
    for argument in command.get_arguments() {
        let (id, (Some(option), Some(variable))) =
            (argument.get_id().as_str(), (argument.get_long(), argument.get_env().and_then(OsStr::to_str)))
        else {
            continue;
        };
        if !matches!(matches.try_contains_id(id), Ok(true))
            || matches.value_source(id) != Some(ValueSource::CommandLine)
        {
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten();
        warnings.extend(values.filter_map(|value| exposure::argument_warning(option, variable, value)));
    }
    if let Some((name, matches)) = matches.subcommand()
        && let Some(command) = command.find_subcommand(name)
    {
        warnings.extend(password_warnings(command, matches));
    }
    warnings
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Answer over HTTP until Ctrl-C or SIGTERM
    ///
    /// For example, over a PostgreSQL database of your own:
    ///
    ///   export ORGCACHE_DATABASE_URL=postgres://reader:secret@db/openbravo
    ///   export ORGCACHE_STORE_URL=postgres://orgcache:secret@db/orgcache
    ///   orgcache check && orgcache serve --listen 127.0.0.1:8080
    #[command(verbatim_doc_comment)]
    Serve(ServeArguments),
    /// Test everything that `serve` needs, and say what is wrong and how to fix it
    ///
    /// It takes the options of `serve` and changes nothing. The exit status is 1 if
    /// `serve` could not start, or users of a client could not log in.
    #[command(verbatim_doc_comment)]
    Check(ServeArguments),
    /// Show bytes and a summary of each tree, and one organization in detail
    Overview(ShownTrees),
    /// Show clients' trees: as text in 80 columns, as JSON, or as a graph
    ///
    /// For example:
    ///
    ///   orgcache tree
    ///   orgcache tree --client 'F&B International Group' --org 'F&B US, Inc.'
    ///   orgcache tree --depth 2
    ///   orgcache tree --json | jq '.[].tree[].name'
    ///   orgcache tree --dot | dot -Tsvg > tree.svg
    #[command(verbatim_doc_comment)]
    Tree(TreeArguments),
    /// Answer questions: one JSON object per line in, one answer per line out
    ///
    /// For example:
    ///
    ///   echo '{"client": "23C59575B9CF467C9620760EB255B389",' \
    ///     '"call": "natural_tree", "args": {"org": "0"}}' | orgcache query
    ///
    /// All calls are in docs/query.md.
    #[command(verbatim_doc_comment)]
    Query(RightsArguments),
    /// Set or remove users' passwords for the service, or list the users with one
    ///
    /// Needs --database-url and --store-url. At a terminal the password is typed
    /// twice, and not shown; elsewhere it is a line of standard input. For example:
    ///
    ///   orgcache password 'F&BAdmin'
    ///   orgcache password --from passwords.txt     # lines of user:password
    ///   orgcache password --list
    ///   orgcache password 'F&BAdmin' --remove
    #[command(verbatim_doc_comment)]
    Password(PasswordArguments),
    /// Import an ERP's tables from JSON files: all rows, or none
    ///
    /// Needs --database-url. A file is named after its table (ad_org.json) and holds
    /// one array of objects, as PostgreSQL exports it:
    ///
    ///   psql -At openbravo -c 'SELECT json_agg(t) FROM ad_org t' > rows/ad_org.json
    ///   orgcache import --database-url 'sqlite:erp.db?mode=rwc' rows
    ///
    /// Tables: ad_client, ad_orgtype, ad_tree, ad_clientinfo, ad_org, ad_treenode,
    /// ad_org_tree, ad_role, ad_role_orgaccess, ad_user, ad_user_roles.
    /// Columns that orgcache does not need are ignored and listed. Every column that
    /// refers to one of these tables must refer to a row of the files or of the
    /// database.
    #[command(verbatim_doc_comment)]
    Import(ImportArguments),
    /// Count changes of trees by triggers, so that logins read only what changed
    ///
    /// Needs --database-url: an ERP's own database, in which `install` and `remove`
    /// change triggers. For example, with the owner of the ERP's tables:
    ///
    ///   orgcache revisions install --database-url postgres://owner@db/openbravo
    #[command(verbatim_doc_comment)]
    Revisions {
        #[command(subcommand)]
        action: RevisionsAction,
    },
    /// Serve an Odoo database to language models, over standard input and output
    ///
    /// It speaks the Model Context Protocol, replaces mcp-server-odoo, and reads the
    /// same environment variables. docs/odoo.md describes them.
    // Hides the global options, because the command uses no database of an ERP.
    #[command(
        verbatim_doc_comment,
        help_template = "{about-with-newline}\nUsage: orgcache mcp{after-help}",
        after_long_help = include_str!("../commands/mcp_settings.txt")
    )]
    Mcp,
    /// Write a completion script for a shell
    ///
    /// For example:
    ///
    ///   orgcache completions bash > /etc/bash_completion.d/orgcache
    #[command(verbatim_doc_comment)]
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write a manual page
    ///
    /// For example:
    ///
    ///   orgcache man > /usr/local/share/man/man1/orgcache.1
    #[command(verbatim_doc_comment)]
    Man,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum RevisionsAction {
    /// Install the triggers, or repair them. On PostgreSQL this needs the owner of the ad_* tables.
    Install,
    /// Remove the triggers.
    Remove,
    /// Say whether changes are counted. The exit status is 1 if they are not.
    Status,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("whose").required(true).args(["user", "list", "from"]))]
pub(crate) struct PasswordArguments {
    /// The name by which the user logs in.
    pub(crate) user: Option<String>,
    /// Remove the user's password.
    #[arg(long, requires = "user")]
    pub(crate) remove: bool,
    /// List the users with a password, one per line: name, tab, id.
    #[arg(long)]
    pub(crate) list: bool,
    /// Set the passwords of a file, or of standard input (`-`): a line `user:password` for each user. All of
    /// them, or none.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: Option<PathBuf>,
    /// Where passwords are kept.
    #[arg(long, value_name = "URL", env = "ORGCACHE_STORE_URL", hide_env_values = true)]
    pub(crate) store_url: Option<String>,
}

/// Which trees to show, and how much of them.
#[derive(Debug, Args)]
pub(crate) struct ShownTrees {
    /// The client whose tree to show, by id, name or search key; all of them if left out.
    #[arg(long, value_name = "CLIENT")]
    pub(crate) client: Option<String>,
    /// Show every organization down to this level; the top is level 0. If left out, large trees are
    /// summarised.
    #[arg(long, value_name = "LEVELS", value_parser = number::<usize>)]
    pub(crate) depth: Option<usize>,
    /// Print JSON: an array of clients, each with its size and fingerprint. `tree` adds the organizations.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TreeArguments {
    #[command(flatten)]
    pub(crate) which: ShownTrees,
    /// Print a graph in the DOT language of Graphviz.
    #[arg(long, conflicts_with = "json")]
    pub(crate) dot: bool,
    /// An organization to show in detail, by id, name or search key.
    #[arg(long, value_name = "ORGANIZATION", conflicts_with_all = ["json", "dot"])]
    pub(crate) org: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// A client's folder, or a folder of them: one file a table, `ad_org.json` and so on, each an array of
    /// rows.
    pub(crate) dir: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_password_on_the_command_line_is_warned_about() {
        let url = "postgres://reader:secret@db/openbravo";
        let password_warnings = |line: &[&str]| {
            Cli::from_matches(&Cli::command().get_matches_from(line)).unwrap().password_warnings
        };
        let named = password_warnings(&["orgcache", "serve", "--database-url", url, "--store-url", url]);
        assert_eq!(named.len(), 2, "{named:?}");
        for (option, variable) in
            [("--database-url", "ORGCACHE_DATABASE_URL"), ("--store-url", "ORGCACHE_STORE_URL")]
        {
            assert!(named.iter().any(|it| it.contains(option) && it.contains(variable)), "{named:?}");
        }
        assert!(!named.concat().contains("secret"));
        assert_eq!(password_warnings(&["orgcache", "--database-url", url, "overview"]).len(), 1);
        assert_eq!(password_warnings(&["orgcache", "password", "x", "--store-url", url]).len(), 1);
        assert!(
            password_warnings(&["orgcache", "--database-url", "postgres://reader@db/openbravo"]).is_empty()
        );
    }

    #[test]
    fn options_of_serve_are_refused_before_other_commands() {
        let said = |line: &str| Cli::from_matches(&Cli::command().get_matches_from(line.split(' ')));
        assert!(said("orgcache --listen 127.0.0.1:1").is_ok());
        assert!(said("orgcache serve --listen 127.0.0.1:1").is_ok());
        assert!(said("orgcache --database-url sqlite:x overview").is_ok());
        for (line, command) in [
            ("orgcache --listen 127.0.0.1:1 serve", "serve"),
            ("orgcache --behind-tls overview", "serve"),
            ("orgcache --automatic-roles all query", "query"),
        ] {
            let error = said(line).unwrap_err().to_string();
            assert!(error.contains(&format!("belongs after `{command}`")), "{error}");
        }
    }
}
