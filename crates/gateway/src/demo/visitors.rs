//! Sessions for the demonstration, so that there is something to look at: real logins of the generated
//! client's users, some from before a change of the tree and some from after it.

use session::{LoginError, Principal, SessionManager, UserId};

use super::{change_tree, generated};
use crate::failure::Failure;

/// Signs each user of the generated client in, once before and once after a change of its tree.
pub(crate) async fn sign_in(manager: &SessionManager) -> Result<(), Failure> {
    let users: Vec<UserId> = generated::users().iter().filter_map(|user| UserId::new(user).ok()).collect();
    sign_in_each(manager, &users).await?;
    change_tree().await?;
    sign_in_each(manager, &users).await
}

async fn sign_in_each(manager: &SessionManager, users: &[UserId]) -> Result<(), Failure> {
    for user in users {
        match manager.login(Principal::new(*user)).await {
            Ok(_) => {}
            // The database may have been changed since it was made.
            Err(LoginError::Refused(refusal)) => {
                tracing::info!(%refusal, "a user of the demonstration cannot sign in");
            }
            Err(error) => return Err(Failure::nothing_done(&error)),
        }
    }
    Ok(())
}
