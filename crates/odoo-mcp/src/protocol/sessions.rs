//! `Sessions`: the protocol's sessions, no more than so many.

use core::time::Duration;

use futures_util::Stream;
use hashlink::LinkedHashSet;
use parking_lot::Mutex;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};

/// For how long an answer that was sent can be asked for again by a client whose connection broke.
const ANSWERS_KEPT: Duration = Duration::from_secs(10);

/// The sessions of one user. Where there would be too many, the one that was not used for longest ends: its
/// client begins another one, as the protocol says.
#[derive(Debug)]
pub(super) struct Sessions {
    local: LocalSessionManager,
    most: usize,
    /// The one that was used last at the end.
    used: Mutex<LinkedHashSet<SessionId>>,
}

impl Sessions {
    pub(super) fn new(most: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(idle);
        local.session_config.completed_cache_ttl = ANSWERS_KEPT;
        Sessions { local, most, used: Mutex::default() }
    }

    /// Notes a new session; gives those that must end for it.
    fn begun(&self, id: SessionId) -> Vec<SessionId> {
        let mut used = self.used.lock();
        used.insert(id);
        let too_many = used.len().saturating_sub(self.most);
        (0..too_many).filter_map(|_| used.pop_front()).collect()
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, transport) = self.local.create_session().await?;
        for old in self.begun(id.clone()) {
            // One that has expired meanwhile is gone as well.
            let _gone = self.local.close_session(&old).await;
        }
        Ok((id, transport))
    }

    async fn initialize_session(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<ServerJsonRpcMessage, Self::Error> {
        self.local.initialize_session(id, message).await
    }

    async fn has_session(&self, id: &SessionId) -> Result<bool, Self::Error> {
        let known = self.local.has_session(id).await?;
        if known {
            self.used.lock().to_back(id);
        }
        Ok(known)
    }

    async fn close_session(&self, id: &SessionId) -> Result<(), Self::Error> {
        self.used.lock().remove(id);
        self.local.close_session(id).await
    }

    async fn create_stream(
        &self,
        id: &SessionId,
        message: ClientJsonRpcMessage,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_stream(id, message).await
    }

    async fn accept_message(&self, id: &SessionId, message: ClientJsonRpcMessage) -> Result<(), Self::Error> {
        self.local.accept_message(id, message).await
    }

    async fn create_standalone_stream(
        &self,
        id: &SessionId,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.create_standalone_stream(id).await
    }

    async fn resume(
        &self,
        id: &SessionId,
        last_event_id: String,
    ) -> Result<impl Stream<Item = ServerSseMessage> + Send + Sync + 'static, Self::Error> {
        self.local.resume(id, last_event_id).await
    }
}
