//! Encodes calls and decodes answers for each transport.

mod addon;
mod failure;
mod json_2;
mod json_rpc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::authentication::Authentication;
use crate::http::{Answer, Request};
use crate::{Call, OdooConfig, OdooError};

pub(crate) use addon::{AddonRequest, access as addon_access, models as addon_models, owner_of_key};
pub(crate) use json_rpc::{
    authenticate_session, authenticate_stateless, databases, decode as decode_json_rpc, destroy_session,
    version,
};

/// The reply to a call.
#[derive(Debug)]
pub(crate) enum Reply {
    Result(Box<RawValue>),
    Failed(OdooError),
    SessionExpired,
}

/// Encodes a call as a request.
pub(crate) fn encode(call: &Call, auth: &Authentication, config: &OdooConfig) -> Result<Request, OdooError> {
    Ok(match auth {
        Authentication::Session(session) => json_rpc::in_session(call, session),
        Authentication::Stateless { user } => json_rpc::stateless(call, *user, config),
        Authentication::Json2 => json_2::encode(call, config)?,
    })
}

/// Decodes the reply to a call.
pub(crate) fn decode(
    call: &Call,
    answer: &Answer,
    auth: &Authentication,
    config: &OdooConfig,
) -> Result<Reply, OdooError> {
    let reply = match auth {
        // If the server has several databases, it selects the database by the session, so this page means
        // that the session has expired.
        Authentication::Session(_) if answer.says_no_database() => Ok(Reply::SessionExpired),
        Authentication::Session(_) | Authentication::Stateless { .. } => json_rpc::decode(answer, config),
        Authentication::Json2 => json_2::decode(answer, config),
    };
    Ok(match reply? {
        Reply::Failed(error) => Reply::Failed(failure::explain(call, error)),
        reply => reply,
    })
}

/// Serializes the body of a request.
fn body(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}
