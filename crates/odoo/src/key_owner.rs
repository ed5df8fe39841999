//! Finds the owner of an API key over JSON-2, whose requests identify the user only by the key.

use serde::Deserialize;

use crate::authentication::Authentication;
use crate::call::Effect;
use crate::http::Lease;
use crate::wire::{self, Reply};
use crate::{Call, OdooConfig, OdooError};

#[derive(Deserialize)]
struct Context {
    uid: i64,
}

#[derive(Deserialize)]
struct UserLogin {
    login: String,
}

/// The id of the key's owner.
pub(crate) async fn user_of_key(lease: &mut Lease, config: &OdooConfig) -> Result<i64, OdooError> {
    let context: Context =
        send(lease, config, &Call::method("res.users", "context_get").idempotent()).await?;
    Ok(context.uid)
}

/// The login of the key's owner.
pub(crate) async fn login_of(lease: &mut Lease, config: &OdooConfig, user: i64) -> Result<String, OdooError> {
    let call = Call::read("res.users", &[user], &["login"]);
    let rows: Vec<UserLogin> = send(lease, config, &call).await?;
    let login = rows.into_iter().next().map(|row| row.login);
    login.ok_or_else(|| OdooError::Unexpected { method: "read".into() })
}

async fn send<T: for<'de> Deserialize<'de>>(
    lease: &mut Lease,
    config: &OdooConfig,
    call: &Call,
) -> Result<T, OdooError> {
    let request = wire::encode(call, &Authentication::Json2, config)?;
    let answer = lease.send(&request, Effect::Read).await?;
    match wire::decode(call, &answer, &Authentication::Json2, config)? {
        Reply::Result(result) => serde_json::from_str(result.get())
            .map_err(|_| OdooError::Unexpected { method: call.name().into() }),
        Reply::Failed(error) => Err(error),
        Reply::SessionExpired => Err(OdooError::Session),
    }
}
