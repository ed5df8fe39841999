//! `Administrator`: the caller of what only administrators may do.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use session::{ClientId, Session};
use session_axum::{CurrentSession, Problem};

use crate::http::gateway::{Gateway, RIGHTS_WITHIN};
use crate::http::middleware::timeout::within;
use crate::http::wire::problem::{OrUnavailable, database_unavailable, forbidden};

#[derive(Debug, thiserror::Error)]
#[error("the ERP has not answered within {} s who may administer", RIGHTS_WITHIN.as_secs())]
struct LateRights;

/// A user who may administer.
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
    /// The administrator who has a session, if it is one's.
    pub(crate) async fn check(gateway: &Gateway, session: Session) -> Result<Self, Problem> {
        // Rights over other users' sessions are not pinned: the ERP is asked at each request.
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

    /// The client that is meant: the one named, or the administrator's own.
    pub(crate) fn client(&self, named: Option<ClientId>) -> Result<ClientId, Problem> {
        let client = named.unwrap_or(self.session.client());
        if self.may_see(client) {
            return Ok(client);
        }
        let detail = "only an instance administrator may look at other clients";
        Err(forbidden("client_not_given", detail).with_field("client"))
    }

    /// The client to which an answer is narrowed: the one named, an administrator's own, or none where all
    /// clients are the administrator's.
    pub(crate) fn chosen(&self, named: Option<ClientId>) -> Result<Option<ClientId>, Problem> {
        if self.of_instance && named.is_none() { Ok(None) } else { self.client(named).map(Some) }
    }

    pub(crate) fn may_see(&self, client: ClientId) -> bool {
        self.of_instance || client == self.session.client()
    }
}
