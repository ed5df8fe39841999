//! What a call looks like on the wire, transport by transport.

mod addon;
mod failure;
mod json_2;
mod json_rpc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::authentication::Authentication;
use crate::http::{Answer, Request};
use crate::{Call, OdooConfig, OdooError};

pub(crate) use addon::{Question, access as addon_access, models as addon_models, owner_of_key};
pub(crate) use json_rpc::{
    authenticate_session, authenticate_stateless, databases, decode as decode_json_rpc, destroy_session,
    version,
};

/// What came of a call, as far as the transport can tell.
#[derive(Debug)]
pub(crate) enum Reply {
    Result(Box<RawValue>),
    Failed(OdooError),
    SessionExpired,
}

/// The request for a call.
pub(crate) fn encode(
    call: &Call,
    ticket: &Authentication,
    config: &OdooConfig,
) -> Result<Request, OdooError> {
    Ok(match ticket {
        Authentication::Session(session) => json_rpc::in_session(call, session),
        Authentication::Stateless { user } => json_rpc::stateless(call, *user, config),
        Authentication::Json2 => json_2::encode(call, config)?,
    })
}

/// The reply to a call in an answer.
pub(crate) fn decode(
    call: &Call,
    answer: &Answer,
    ticket: &Authentication,
    config: &OdooConfig,
) -> Result<Reply, OdooError> {
    let reply = match ticket {
        // Where there are several databases, only a session says which one is meant.
        Authentication::Session(_) if answer.says_no_database() => Ok(Reply::SessionExpired),
        Authentication::Session(_) | Authentication::Stateless { .. } => json_rpc::decode(answer, config),
        Authentication::Json2 => json_2::decode(answer, config),
    };
    Ok(match reply? {
        Reply::Failed(error) => Reply::Failed(failure::explain(call, error)),
        reply => reply,
    })
}

/// A JSON value as a request's body.
fn body(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}
