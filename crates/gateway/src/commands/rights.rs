//! Checks the grants of the database users before a command starts.

use erp_db::{Database, ErpReader, MissingRights, Purpose, StoreOptions, store};

use crate::failure::Failure;

/// Fails if grants are missing in the given databases. The failure has the statements that grant all of them.
pub(crate) async fn check(
    erp: Option<&Database>,
    store: Option<&StoreOptions>,
    purpose: Purpose,
) -> Result<(), Failure> {
    let mut missing = Vec::new();
    if let Some(database) = erp {
        missing.push(ErpReader::missing_rights(database, purpose).await?);
    }
    if let Some(options) = store {
        missing.extend(store::missing_rights(options, purpose).await?);
    }
    missing.retain(|missing| !missing.is_empty());
    if missing.is_empty() {
        return Ok(());
    }
    let message: Vec<String> = missing.iter().map(ToString::to_string).collect();
    Err(Failure::nothing_done(message.join("\n")).advise(grants(&missing)))
}

fn grants(missing: &[MissingRights]) -> String {
    let mut advice = "The owner grants them:".to_owned();
    for missing in missing {
        advice.push_str(&format!("\n-- {}", missing.place()));
        for grant in missing.grants() {
            advice.push_str(&format!("\n{grant}"));
        }
    }
    advice
}
