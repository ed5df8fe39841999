//! The users of the demonstration. All have the same password, and the page offers some of them for login.

use erp_db::ErpReader;
use session::{LoginError, Principal, SessionManager, UserId};

use super::generated::{self, is_not_first_of_its_kind};
use crate::failure::Failure;
use crate::http::{Demonstration, DemonstrationUser, MemoryCredentials, hash_password};

/// The password of all users. It is public, because the demonstration listens only on loopback.
const PASSWORD: &str = "orgcache";

/// The instance administrator of the demonstration: Openbravo's built-in administrator.
pub(crate) const ADMINISTRATOR: &str = "100";

/// The credentials of all users who can log in, and the users to offer. Of the generated client's users it
/// offers only the administrator and the first of each kind.
pub(crate) async fn users(reader: &ErpReader) -> Result<(MemoryCredentials, Demonstration), Failure> {
    let hash = hash_password(PASSWORD).map_err(Failure::nothing_done)?;
    let clients = reader.clients().await?;
    let mut users = Vec::new();
    let mut ids = Vec::new();
    for user in reader.users().await? {
        let roles = reader.user_roles(user.id).await?;
        let can_log_in = user.active && !user.locked && roles.iter().any(|role| role.active);
        let (Some(name), true) = (user.username, can_log_in) else { continue };
        ids.push(user.id);
        if is_not_first_of_its_kind(&name) {
            continue;
        }
        let client = clients.iter().find(|client| client.id == user.client.as_str());
        let mut role = String::new();
        for row in roles.iter().filter(|role| role.active) {
            let taken = reader.role(row.role).await?;
            if let Some(taken) = taken.filter(|taken| role.is_empty() || taken.client_admin) {
                role = taken.name;
            }
        }
        if user.id.as_str() == ADMINISTRATOR {
            role = "administers all clients".into();
        }
        users.push(DemonstrationUser {
            name,
            client: client.map(|client| client.name.clone()).unwrap_or_default(),
            role,
        });
    }
    users.sort_by(|a, b| (&a.client, &a.name).cmp(&(&b.client, &b.name)));
    let first = generated::ADMINISTRATOR.to_owned();
    Ok((MemoryCredentials::shared(ids, &hash), Demonstration { password: PASSWORD.to_owned(), first, users }))
}

/// Logs each user of the generated client in.
pub(super) async fn sign_in_visitors(manager: &SessionManager) -> Result<(), Failure> {
    for user in generated::users().iter().filter_map(|user| UserId::new(user).ok()) {
        match manager.login(Principal::new(user)).await {
            Ok(_) => {}
            // The user may have changed the database since it was created.
            Err(LoginError::Refused(refusal)) => {
                tracing::info!(%refusal, "a user of the demonstration cannot sign in");
            }
            Err(error) => return Err(Failure::nothing_done(&error)),
        }
    }
    Ok(())
}
