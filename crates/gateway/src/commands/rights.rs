//! What the users of the databases would have to be granted, said before anything begins.

use erp_db::{Database, ErpReader, MissingRights, Purpose, StoreOptions, store};

use crate::failure::Failure;

/// Fails with all rights that are missing, in both databases, and the statements that grant them.
pub(crate) async fn check(
    erp: &Database,
    store: Option<&StoreOptions>,
    purpose: Purpose,
) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::nothing_done(error);
    let of_erp = ErpReader::missing_rights(erp, purpose).await.map_err(|error| failed(&error))?;
    let mut missing = vec![of_erp];
    if let Some(options) = store {
        missing.extend(store::missing_rights(options, purpose).await.map_err(|error| store_failure(&error))?);
    }
    missing.retain(|missing| !missing.is_empty());
    if missing.is_empty() {
        return Ok(());
    }
    let message: Vec<String> = missing.iter().map(ToString::to_string).collect();
    Err(Failure::nothing_done(message.join("\n")).advise(grants(&missing)))
}

/// The session store cannot be used.
pub(crate) fn store_failure(error: &erp_db::StoreError) -> Failure {
    Failure::nothing_done(error).advise("Sessions are kept where --store-url says.")
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
