//! What a call looks like on the wire, transport by transport.

mod addon;
mod failure;
mod json_2;
mod json_rpc;

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::http::{Answer, Request};
use crate::login::Ticket;
use crate::{Call, OdooConfig, OdooError};

pub(crate) use addon::{Question, access as addon_access, models as addon_models, owner_of_key};
pub(crate) use failure::unknown_model;
pub(crate) use json_rpc::{
    authenticate_session, authenticate_stateless, databases, decode as decode_json_rpc, version,
};

/// What came of a call, as far as the transport can tell.
#[derive(Debug)]
pub(crate) enum Reply {
    Result(Box<RawValue>),
    Failed(OdooError),
    SessionExpired,
}

/// The request for a call.
pub(crate) fn encode(call: &Call, ticket: &Ticket, config: &OdooConfig) -> Result<Request, OdooError> {
    Ok(match ticket {
        Ticket::Session(session) => json_rpc::in_session(call, session),
        Ticket::Stateless { user } => json_rpc::stateless(call, *user, config),
        Ticket::Json2 => json_2::encode(call, config)?,
    })
}

/// The reply in an answer.
pub(crate) fn decode(answer: &Answer, ticket: &Ticket, config: &OdooConfig) -> Result<Reply, OdooError> {
    match ticket {
        Ticket::Session(_) | Ticket::Stateless { .. } => json_rpc::decode(answer, config),
        Ticket::Json2 => json_2::decode(answer, config),
    }
}

/// A JSON value as a request's body.
fn body(value: &serde_json::Value) -> Bytes {
    Bytes::from(value.to_string())
}
