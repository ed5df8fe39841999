//! `Lines`: a transport with one message per line, as over standard input and output.
//!
//! The SDK has such a transport too. But it drops lines that are invalid or too long, drops a last line
//! without a line break, and closes the connection if the first message is a notification. This transport
//! answers all requests.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use rmcp::RoleServer;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, ClientRequest, GetMeta, ProtocolVersion, RequestId,
    ServerJsonRpcMessage,
};
use rmcp::transport::Transport;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::envelope::Envelope;
use super::message::{BYTE_ORDER_MARK, ProtocolRefusal, parse};
use crate::StreamOptions;
use crate::settings::MAX_MESSAGE_SIZE;

/// The stream of a client's messages.
pub(crate) type Reader = Box<dyn AsyncRead + Send + Unpin>;
/// The stream of the answers to a client.
pub(crate) type Writer = Box<dyn AsyncWrite + Send + Unpin>;

/// A transport with one message per line.
pub(super) struct Lines {
    reader: BufReader<Reader>,
    writer: Arc<tokio::sync::Mutex<Writer>>,
    limit: usize,
    /// The received part of an incomplete line.
    line: Vec<u8>,
    /// The envelope of an incomplete line that is too long.
    too_long: Option<Envelope>,
    /// The remaining messages of a batch.
    batch: VecDeque<Vec<u8>>,
    /// Has the client initialized the connection? Earlier notifications are ignored.
    is_initialized: bool,
    has_ended: bool,
    unanswered: Arc<OpenRequests>,
    /// The write of an error response in flight.
    refusal: Option<JoinHandle<io::Result<()>>>,
}

/// The ids of requests without an answer.
#[derive(Debug, Default)]
struct OpenRequests {
    ids: Mutex<HashSet<RequestId>>,
    answered: Notify,
}

impl OpenRequests {
    fn remove(&self, id: &RequestId) {
        self.ids.lock().remove(id);
        self.answered.notify_one();
    }

    async fn all_answered(&self) {
        while !self.ids.lock().is_empty() {
            self.answered.notified().await;
        }
    }
}

impl Lines {
    pub(super) fn new(reader: Reader, writer: Writer, options: &StreamOptions) -> Self {
        Lines {
            reader: BufReader::new(reader),
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
            limit: options.max_message_bytes,
            line: Vec::new(),
            too_long: None,
            batch: VecDeque::new(),
            is_initialized: false,
            has_ended: false,
            unanswered: Arc::default(),
            refusal: None,
        }
    }

    /// The next line; `None` at the end. Cancel-safe: the next call continues where this one was cancelled.
    async fn next_line(&mut self) -> io::Result<Option<Result<Vec<u8>, ProtocolRefusal>>> {
        loop {
            if let Some(line) = self.batch.pop_front() {
                return Ok(Some(Ok(line)));
            }
            if self.has_ended {
                return Ok(None);
            }
            let piece = self.reader.fill_buf().await?;
            let end = piece.iter().position(|byte| *byte == b'\n');
            self.has_ended = piece.is_empty();
            let consumed = end.map_or(piece.len(), |end| end + 1);
            let piece = piece.get(..end.unwrap_or(consumed)).unwrap_or_default();
            if let Some(envelope) = &mut self.too_long {
                envelope.read(piece);
            } else if self.line.len() + piece.len() > self.limit {
                let mut envelope = Envelope::from_bytes(&self.line);
                envelope.read(piece);
                self.too_long = Some(envelope);
                self.line = Vec::new();
            } else {
                self.line.extend_from_slice(piece);
            }
            self.reader.consume(consumed);
            if end.is_none() && !self.has_ended {
                continue;
            }
            if let Some(envelope) = self.too_long.take() {
                return Ok(Some(Err(ProtocolRefusal::too_long(envelope.id(), self.limit, MAX_MESSAGE_SIZE))));
            }
            let line = std::mem::take(&mut self.line);
            let line = line.trim_ascii();
            let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
            if !line.is_empty() {
                return Ok(Some(Ok(line.to_vec())));
            }
        }
    }

    /// Parses a line. Returns `None` if there is no message to handle.
    fn parse_line(&mut self, line: &[u8]) -> Result<Option<ClientJsonRpcMessage>, ProtocolRefusal> {
        if line.starts_with(b"[")
            && let Ok(messages) = serde_json::from_slice::<Vec<Value>>(line)
            && !messages.is_empty()
        {
            self.batch.extend(messages.iter().map(|message| message.to_string().into_bytes()));
            return Ok(None);
        }
        let Some(message) = parse(line)? else { return Ok(None) };
        match &message {
            ClientJsonRpcMessage::Request(request) => {
                self.is_initialized |= initializes(&request.request);
                // A subscription is answered only when it ends.
                let is_answered = !matches!(request.request, ClientRequest::SubscriptionsListenRequest(_));
                if is_answered && !self.unanswered.ids.lock().insert(request.id.clone()) {
                    let message = "a request with this `id` has not been answered yet";
                    return Err(ProtocolRefusal::malformed(request.id.clone().into_json_value(), message));
                }
            }
            ClientJsonRpcMessage::Notification(notification) if self.is_initialized => {
                if let ClientNotification::CancelledNotification(cancelled) = &notification.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.unanswered.remove(id);
                }
            }
            _ if self.is_initialized => {}
            _ => return Ok(None),
        }
        Ok(Some(message))
    }
}

/// Does the request initialize the connection?
fn initializes(request: &ClientRequest) -> bool {
    match request {
        ClientRequest::InitializeRequest(_) => true,
        ClientRequest::PingRequest(_) | ClientRequest::DiscoverRequest(_) => false,
        request => {
            let meta = request.get_meta();
            let is_known = |version: ProtocolVersion| ProtocolVersion::KNOWN_VERSIONS.contains(&version);
            meta.missing_required_keys(&ProtocolVersion::V_2026_07_28).is_empty()
                && meta.protocol_version().is_some_and(is_known)
        }
    }
}

async fn write(writer: Arc<tokio::sync::Mutex<Writer>>, mut line: Vec<u8>) -> io::Result<()> {
    line.push(b'\n');
    let mut writer = writer.lock().await;
    writer.write_all(&line).await?;
    writer.flush().await
}

impl Transport<RoleServer> for Lines {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let (writer, unanswered) = (Arc::clone(&self.writer), Arc::clone(&self.unanswered));
        async move {
            let line = serde_json::to_vec(&message)?;
            let written = write(writer, line).await;
            let id = match message {
                ServerJsonRpcMessage::Response(response) => Some(response.id),
                ServerJsonRpcMessage::Error(error) => error.id,
                _ => None,
            };
            if let Some(id) = id {
                unanswered.remove(&id);
            }
            written
        }
    }

    /// The next message; `None` after the client has disconnected and all requests are answered.
    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(refusal) = &mut self.refusal {
                // The write runs in a separate task, so that cancelling this future does not truncate it.
                let written = refusal.await;
                self.refusal = None;
                written.ok()?.ok()?;
            }
            let Some(line) = self.next_line().await.ok()? else {
                self.unanswered.all_answered().await;
                return None;
            };
            match line.and_then(|line| self.parse_line(&line)) {
                Ok(None) => {}
                Ok(message) => return message,
                Err(refusal) => {
                    let line = refusal.to_json().to_string().into_bytes();
                    self.refusal = Some(tokio::spawn(write(Arc::clone(&self.writer), line)));
                }
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.writer.lock().await.shutdown().await
    }
}
