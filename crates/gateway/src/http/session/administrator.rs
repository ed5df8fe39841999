//! `Administrator`: extracts the caller of an administration route and verifies its rights.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use session::{ClientId, Session};
use session_axum::{CurrentSession, Problem};

use crate::http::gateway::{Gateway, RIGHTS_WITHIN};
use crate::http::middleware::timeout::within;
use crate::http::wire::problem::{OrUnavailable, database_unavailable, forbidden};

#[derive(Debug, thiserror::Error)]
#[error("the ERP has not confirmed the administrator's rights within {} s", RIGHTS_WITHIN.as_secs())]
struct LateRights;

/// The session of a user with administrator rights.
#[derive(Debug)]
pub(crate) struct Administrator {
    pub(crate) session: Session,
    pub(crate) of_instance: bool,
}

impl FromRequestParts<Gateway> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let CurrentSession(session) = CurrentSession::from_request_parts(parts, gateway).await?;
        Self::check(gateway, session).await
    }
}

impl Administrator {
    /// Verifies that the user of a session is an administrator.
    pub(crate) async fn check(gateway: &Gateway, session: Session) -> Result<Self, Problem> {
        // Administrator rights are not pinned, so read them from the ERP for each request.
        let (user, role, client) = (session.user(), session.role(), session.client());
        let may = gateway.inner.rights.administration(user, role, client);
        let may = within(RIGHTS_WITHIN, may)
            .await
            .ok_or_else(|| database_unavailable(&LateRights))?
            .or_unavailable()?;
        let of_instance = may.user_is_admitted && gateway.settings().instance_admins.contains(&user);
        if !of_instance && !may.of_client {
            return Err(forbidden("not_an_administrator", "only administrators may do this"));
        }
        Ok(Administrator { session, of_instance })
    }

    /// The named client, or by default the administrator's own. Fails if the administrator may not see it.
    pub(crate) fn client(&self, named: Option<ClientId>) -> Result<ClientId, Problem> {
        let client = named.unwrap_or(self.session.client());
        if self.may_see(client) {
            return Ok(client);
        }
        let detail = "only an instance administrator may see other clients";
        Err(forbidden("client_not_given", detail).with_field("client"))
    }

    /// The client to filter by: the named one, or by default the client of a client administrator. `None` for
    /// an instance administrator, who sees all.
    pub(crate) fn client_filter(&self, named: Option<ClientId>) -> Result<Option<ClientId>, Problem> {
        if self.of_instance && named.is_none() { Ok(None) } else { self.client(named).map(Some) }
    }

    pub(crate) fn may_see(&self, client: ClientId) -> bool {
        self.of_instance || client == self.session.client()
    }
}
