//! The arguments of the timed calls.

use std::sync::Arc;

use crate::metric::Metric;
use crate::orgcache::{Orgcache, SharedTree};
use crate::structure::{Answer, Database, Structure};
use crate::trees::sequence;

/// The arguments of the timed calls: a fixed random sequence of organizations.
#[derive(Debug)]
pub struct Questions {
    /// The database of the tree.
    pub database: Arc<Database>,
    /// Pairs of ids. Calls about one organization take the first.
    pub ids: Vec<(String, String)>,
    /// Pairs of numbers.
    pub indices: Vec<(u32, u32)>,
    /// 600 ids (or all there are), quoted and comma separated.
    pub list: String,
    /// The canonical bytes of the tree.
    pub bytes: Vec<u8>,
}

impl Questions {
    const LENGTH: usize = 4_096;

    /// The number of distinct questions of a metric.
    pub(crate) const fn count(metric: Metric) -> usize {
        match metric {
            Metric::TransactionAllowed | Metric::Build | Metric::Encode | Metric::Decode => 1,
            _ => Self::LENGTH,
        }
    }

    /// The sequence for a tree.
    ///
    /// # Errors
    /// As [`Structure::load`].
    pub fn new(database: Arc<Database>) -> Answer<Self> {
        let count = database.rows().len();
        let id = |position: usize| database.rows().get(position).map(|row| row.id.clone());
        let draw = |seed| sequence(count, Self::LENGTH, seed);
        let number = |position: usize| u32::try_from(position).unwrap_or_default();
        let listed: Vec<String> =
            database.rows().iter().take(600).map(|row| format!("'{}'", row.id)).collect();
        let bytes = Orgcache::<SharedTree>::load(&database)?.encode()?;
        Ok(Questions {
            ids: draw(1).filter_map(id).zip(draw(2).filter_map(id)).collect(),
            indices: draw(1).map(number).zip(draw(2).map(number)).collect(),
            list: listed.join(","),
            bytes,
            database,
        })
    }
}
