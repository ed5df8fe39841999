//! The store in memory passes the contract suite.

use std::sync::Arc;
use std::time::Duration;

use session::contract::{Fixture, check};
use session::{ManualClock, MemoryStore, SessionStore, async_trait};

struct InMemory(Arc<ManualClock>);

#[async_trait]
impl Fixture for InMemory {
    async fn empty_store(&self) -> Arc<dyn SessionStore> {
        Arc::new(MemoryStore::new(self.0.clone()))
    }

    async fn pass(&self, _: &dyn SessionStore, time: Duration) {
        self.0.advance(time);
    }

    async fn set_back(&self, _: &dyn SessionStore, time: Duration) {
        self.0.set_back(time);
    }
}

#[tokio::test]
async fn memory() {
    check(&InMemory(Arc::default())).await;
}
