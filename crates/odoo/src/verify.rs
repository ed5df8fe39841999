//! Verifies a user's password or API key with Odoo, through the connection pool of another user's client.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::call::Effect;
use crate::http::Lease;
use crate::key_owner::{login_of, user_of_key};
use crate::wire::{self, Reply};
use crate::{OdooClient, OdooConfig, OdooCredential, OdooError};

/// First version with JSON-2.
const JSON_2_SINCE: u64 = 19;

/// Odoo's decision about a login with a password or API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// They are valid for this user.
    User(i64),
    /// They are wrong, or there is no such active user.
    Refused,
    /// The password is right, but Odoo requires a second factor. API keys need none.
    SecondFactor,
}

#[derive(Deserialize)]
struct OpenedSession {
    uid: Option<i64>,
}

impl OdooClient {
    /// Verifies a login and its secret with Odoo. A secret of 40 hexadecimal digits is an API key, any other
    /// is a password.
    ///
    /// A password opens a session in Odoo, which is ended at once; nothing of it is stored. The requests use
    /// this client's pool and limits, but not its user.
    ///
    /// # Errors
    /// [`OdooError`] if Odoo does not answer; [`LoginRefused`](OdooError::LoginRefused) with Odoo's message
    /// if it accepts no passwords at the moment.
    pub async fn verify(&self, login: &str, secret: SecretString) -> Result<Verdict, OdooError> {
        // Odoo never accepts an empty login or secret.
        if login.is_empty() || secret.expose_secret().is_empty() {
            return Ok(Verdict::Refused);
        }
        if self.config().database.is_none() {
            // The first login selects the database.
            self.scope().await?;
        }
        let credential = OdooCredential::from_secret(secret);
        let is_key = matches!(credential, OdooCredential::ApiKey(_));
        let has_json_2 = is_key && self.version().await? >= JSON_2_SINCE;
        let config = OdooConfig { login: Some(login.to_owned()), credential, ..self.config().clone() };
        let mut lease = self.lease().await?;
        let verdict = match (is_key, has_json_2) {
            (_, true) => by_json_2(&mut lease, &config, login).await,
            (true, false) => by_key(&mut lease, &config).await,
            (false, _) => by_password(&mut lease, &config).await,
        };
        match verdict {
            Err(OdooError::Credentials { .. }) => Ok(Verdict::Refused),
            verdict => verdict,
        }
    }
}

/// Opens a session and ends it.
async fn by_password(lease: &mut Lease, config: &OdooConfig) -> Result<Verdict, OdooError> {
    let answer = lease.send(&wire::authenticate_session(config), Effect::Read).await?;
    let opened: Option<OpenedSession> = match wire::decode_json_rpc(&answer, config)? {
        Reply::Result(result) => parse(result.get(), "authenticate")?,
        Reply::Failed(OdooError::Access { message }) if message.starts_with("Database not found") => {
            return Err(OdooError::unknown_database(config));
        }
        Reply::Failed(error) => return Err(error),
        Reply::SessionExpired => return Err(OdooError::Session),
    };
    if let Some(cookie) = answer.session {
        // If this fails, the session expires. No client has its cookie.
        drop(lease.send(&wire::destroy_session(cookie), Effect::Read).await);
    }
    Ok(match opened {
        Some(OpenedSession { uid: Some(user) }) => Verdict::User(user),
        Some(OpenedSession { uid: None }) => Verdict::SecondFactor,
        None => Verdict::Refused,
    })
}

/// Up to version 18: verifies login and key without a session.
async fn by_key(lease: &mut Lease, config: &OdooConfig) -> Result<Verdict, OdooError> {
    let answer = lease.send(&wire::authenticate_stateless(config), Effect::Read).await?;
    match wire::decode_json_rpc(&answer, config)? {
        Reply::Result(result) => {
            // For wrong credentials Odoo returns `false`.
            let user: serde_json::Value = parse(result.get(), "authenticate")?;
            Ok(user.as_i64().filter(|user| *user > 0).map_or(Verdict::Refused, Verdict::User))
        }
        Reply::Failed(error) => Err(error),
        Reply::SessionExpired => Err(OdooError::Session),
    }
}

/// From version 19 on: Odoo identifies the user only by the key, so compares the login of the key's owner.
async fn by_json_2(lease: &mut Lease, config: &OdooConfig, login: &str) -> Result<Verdict, OdooError> {
    let user = user_of_key(lease, config).await?;
    let is_owner = login_of(lease, config, user).await? == login;
    Ok(if is_owner { Verdict::User(user) } else { Verdict::Refused })
}

fn parse<T: for<'de> Deserialize<'de>>(json: &str, method: &str) -> Result<T, OdooError> {
    serde_json::from_str(json).map_err(|_| OdooError::Unexpected { method: method.into() })
}
