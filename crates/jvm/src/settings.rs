//! The options and the store of a manager, as sent by Java.

use core::time::Duration;
use std::sync::Arc;

use erp_db::{SqlStore, StoreError, StoreOptions, store};
use session::openbravo::AutomaticRoles;
use session::{AtLimit, Options};

use crate::frames::{FrameError, FrameReader};

/// The settings of a manager.
pub(crate) struct ManagerSettings {
    pub(crate) options: Options,
    /// `None` for sessions in memory.
    store: Option<StoreOptions>,
    migrates: bool,
}

impl ManagerSettings {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, FrameError> {
        let mut frame = FrameReader::new(bytes);
        let store = frame.optional()?.map(StoreOptions::new);
        let direct = frame.optional()?;
        let store = store.map(|store| match direct {
            Some(url) => store.with_direct_url(url),
            None => store,
        });
        let migrates = frame.flag()?;
        let mut options = Options::default();
        options.idle = time(frame.long()?);
        options.absolute = time(frame.long()?);
        options.max_sessions = count(frame.long()?);
        options.max_sessions_per_user = frame.either(|frame| frame.long().map(count))?;
        options.at_limit = if frame.flag()? { AtLimit::EndOldest } else { AtLimit::Refuse };
        options.flush_interval = time(frame.long()?);
        options.revalidate_within = time(frame.long()?);
        options.fail_open = frame.either(|frame| frame.long().map(time))?;
        options.automatic_roles =
            if frame.flag()? { AutomaticRoles::OfClient } else { AutomaticRoles::ByRows };
        frame.end()?;
        Ok(ManagerSettings { options, store, migrates })
    }

    /// Opens the store of the URL, if there is one.
    pub(crate) async fn open_store(&self) -> Result<Option<Arc<dyn SqlStore>>, StoreError> {
        let Some(store) = &self.store else { return Ok(None) };
        if self.migrates {
            store::migrate(store).await?;
        }
        store::open(store).await.map(Some)
    }
}

/// Milliseconds. Java refuses negative ones.
fn time(millis: i64) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

fn count(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}
