//! `orgcache revisions`: manages the optional triggers that detect an unchanged tree without reading it.

use std::io::Write;
use std::process::ExitCode;

use erp_db::Database;
use erp_db::revisions::{self, RevisionsError};

use crate::cli::RevisionsAction;
use crate::failure::{Failure, REFUSED};

pub(crate) async fn run(url: &str, action: RevisionsAction) -> Result<ExitCode, Failure> {
    let database = Database::connect(url).await?;
    let place = database.place();
    let mut out = anstream::stdout().lock();
    match action {
        RevisionsAction::Install => {
            revisions::install(&database).await.map_err(not_changed)?;
            if !revisions::are_kept(&database).await? {
                let failure = Failure::nothing_done(format!("the triggers in {place} exist but do not work"));
                return Err(failure.advise("Are rows replicated into its tables by a subscription?"));
            }
            writeln!(out, "{place} counts the changes of its trees from now on")?;
        }
        RevisionsAction::Remove => {
            revisions::remove(&database).await.map_err(not_changed)?;
            writeln!(out, "{place} no longer counts the changes of its trees")?;
        }
        RevisionsAction::Status => {
            if !revisions::are_kept(&database).await? {
                writeln!(
                    out,
                    "{place} does not count the changes of its trees: logins digest or read the rows"
                )?;
                if revisions::are_outdated(&database).await? {
                    writeln!(
                        out,
                        "The triggers there are of an earlier version, incomplete or disabled: \
                         run `orgcache revisions install` again"
                    )?;
                }
                return Ok(ExitCode::from(REFUSED));
            }
            writeln!(out, "{place} counts the changes of its trees: an unchanged tree is not read again")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn not_changed(error: RevisionsError) -> Failure {
    let advice = match error {
        RevisionsError::Database(error) if error.is_transient() => return error.into(),
        RevisionsError::NotATable { .. } => {
            "Is this an Openbravo or Etendo database, and does the user see its schema (search_path)?"
        }
        _ => {
            "Nothing was changed. The user must own the ad_* tables, and may need to create a schema `orgcache`."
        }
    };
    Failure::nothing_done(&error).advise(advice)
}
