//! `Sessions`: a bounded number of protocol sessions.

use core::time::Duration;

use futures_util::Stream;
use hashlink::LinkedHashSet;
use parking_lot::Mutex;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::transport::streamable_http_server::session::local::{
    LocalSessionManager, LocalSessionManagerError,
};
use rmcp::transport::streamable_http_server::session::{ServerSseMessage, SessionId, SessionManager};

/// How long a client whose connection failed can request a sent answer again.
const ANSWER_TTL: Duration = Duration::from_secs(10);

/// The sessions of one user. If there are too many, the least recently used one ends. Its client then opens a
/// new session, as the protocol requires.
#[derive(Debug)]
pub(super) struct Sessions {
    local: LocalSessionManager,
    max_sessions: usize,
    /// In LRU order: the most recently used session comes last.
    used: Mutex<LinkedHashSet<SessionId>>,
}

impl Sessions {
    pub(super) fn new(max_sessions: usize, idle: Duration) -> Self {
        let mut local = LocalSessionManager::default();
        local.session_config.keep_alive = Some(idle);
        local.session_config.completed_cache_ttl = ANSWER_TTL;
        Sessions { local, max_sessions, used: Mutex::default() }
    }

    /// Adds a new session; returns the sessions to end.
    fn add(&self, id: SessionId) -> Vec<SessionId> {
        let mut used = self.used.lock();
        used.insert(id);
        let excess = used.len().saturating_sub(self.max_sessions);
        (0..excess).filter_map(|_| used.pop_front()).collect()
    }
}

impl SessionManager for Sessions {
    type Error = LocalSessionManagerError;
    type Transport = <LocalSessionManager as SessionManager>::Transport;

    async fn create_session(&self) -> Result<(SessionId, Self::Transport), Self::Error> {
        let (id, transport) = self.local.create_session().await?;
        for old in self.add(id.clone()) {
            // Fails if the session has expired meanwhile.
            let _expired = self.local.close_session(&old).await;
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
        let exists = self.local.has_session(id).await?;
        if exists {
            self.used.lock().to_back(id);
        }
        Ok(exists)
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
