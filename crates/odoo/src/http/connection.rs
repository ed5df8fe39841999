//! `Connection`: one HTTP/1.1 connection.

use bytes::Bytes;
use http_body_util::Full;
use hyper::HeaderMap;
use hyper::client::conn::http1::SendRequest;
use hyper::header::{self, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::task::JoinHandle;

use super::body::{self, ACCEPT_ENCODING};
use super::connector::{Connector, unreachable};
use super::{Answer, Request};
use crate::Fault;

/// One connection, for one request at a time. Dropping it closes the connection, even during a request.
#[derive(Debug)]
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<Result<(), hyper::Error>>,
}

/// The outcome of sending a request.
pub(crate) enum Exchange {
    /// An answer, and its number of bytes on the wire.
    Answered(Answer, u64),
    /// The request was not sent, because the connection was already closed.
    NotSent,
    Failed(Fault),
}

impl Connection {
    /// Connects to the server.
    pub(crate) async fn open(connector: &Connector) -> Result<Self, Fault> {
        let stream = connector.connect().await?;
        let (sender, driver) =
            hyper::client::conn::http1::handshake(stream).await.map_err(|error| unreachable(&error))?;
        Ok(Connection { sender, driver: tokio::spawn(driver) })
    }

    /// Is the connection open, as far as known locally?
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Waits until it is known whether the server keeps the connection open.
    pub(crate) async fn is_reusable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn exchange(
        &mut self,
        request: &Request,
        connector: &Connector,
        answer_bytes: usize,
    ) -> Exchange {
        let Some(message) = message(request, connector) else {
            return Exchange::Failed(Fault::Unreachable {
                cause: "a header contains invalid characters".into(),
            });
        };
        if self.sender.ready().await.is_err() {
            return Exchange::NotSent;
        }
        let response = match self.sender.try_send_request(message).await {
            Ok(response) => response,
            // The error has the message only if nothing of it was written.
            Err(mut error) => {
                return match error.take_message() {
                    Some(_) => Exchange::NotSent,
                    None => Exchange::Failed(Fault::Broken),
                };
            }
        };
        let (head, incoming) = response.into_parts();
        let encoding = text(&head.headers, &header::CONTENT_ENCODING);
        match body::collect(incoming, encoding, answer_bytes).await {
            Err(fault) => Exchange::Failed(fault),
            Ok(collected) => {
                let answer = Answer {
                    status: head.status.as_u16(),
                    content_type: text(&head.headers, &header::CONTENT_TYPE).to_owned(),
                    session: session(&head.headers),
                    location: head
                        .headers
                        .get(header::LOCATION)
                        .and_then(|it| Some(it.to_str().ok()?.to_owned())),
                    body: collected.bytes,
                };
                Exchange::Answered(answer, collected.received)
            }
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

fn message(request: &Request, connector: &Connector) -> Option<hyper::Request<Full<Bytes>>> {
    let mut message = hyper::Request::builder()
        .method(request.method.clone())
        .uri(connector.path(&request.path))
        .header(header::HOST, connector.host())
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "application/json")
        .header(header::ACCEPT_ENCODING, ACCEPT_ENCODING)
        .header(header::USER_AGENT, concat!("orgcache/", env!("CARGO_PKG_VERSION")));
    let secret = |prefix: &str, secret: &SecretString| {
        let mut value = HeaderValue::try_from(format!("{prefix}{}", secret.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    if let Some(cookie) = &request.cookie {
        message = message.header(header::COOKIE, secret("session_id=", cookie)?);
    }
    if let Some(key) = &request.bearer {
        message = message.header(header::AUTHORIZATION, secret("bearer ", key)?);
    }
    if let Some(key) = &request.api_key {
        message = message.header("X-API-Key", secret("", key)?);
    }
    if let Some(database) = &request.database {
        message = message.header("X-Odoo-Database", HeaderValue::try_from(database).ok()?);
    }
    message.body(Full::new(request.body.clone())).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The value of the session cookie that the headers set. If there are several, the last one wins.
fn session(headers: &HeaderMap) -> Option<SecretString> {
    let cookies = headers.get_all(header::SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut values =
        cookies.filter_map(|cookie| cookie.split(';').next()?.trim().strip_prefix("session_id="));
    values.next_back().filter(|value| !value.is_empty()).map(SecretString::from)
}
