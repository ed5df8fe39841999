//! The periodic user check, which ends the sessions of users that the ERP no longer admits.

use std::time::Duration;

use session::{Hint, Scope, UserId};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::backend::{Backend, BackendError};
use crate::http::gateway::Gateway;
use crate::http::session::end::EndOutcome;

impl Gateway {
    /// Ends the cached sessions of users who are locked, inactive or deleted, and returns their number. One
    /// query checks up to a thousand users. With Odoo, it also ends sessions of users whose companies or
    /// record have changed since the login. Each session is also looked up in the store at its next use, in
    /// case another program, such as `orgcache password`, has ended it there.
    ///
    /// # Errors
    /// The ERP does not answer, or its database lacks a table or column. Then no session is ended.
    pub async fn recheck_users(&self) -> Result<u64, BackendError> {
        if let Backend::Odoo(source) = &self.inner.backend {
            return self.recheck_odoo(source).await;
        }
        let manager = self.manager();
        manager.take_hint(&Hint::Anything);
        let held = manager.held_users();
        let mut users: Vec<UserId> = held.iter().map(|(user, _)| *user).collect();
        users.dedup();
        let barred = self.inner.backend.barred_users(&users).await?;
        let mut ended = 0;
        for (user, client) in held.iter().filter(|(user, _)| barred.contains(user)) {
            let outcome = EndOutcome::from(manager.end(Scope::User(*client, *user)).await);
            let (sessions, reason) = (outcome.ended, "the user is locked, inactive or gone");
            tracing::info!(%user, %client, sessions, reason, "sessions were ended");
            ended += sessions;
        }
        Ok(ended)
    }

    /// Calls [`recheck_users`](Self::recheck_users) periodically. The first delay varies, so that instances
    /// that start together do not query at the same time.
    pub(crate) async fn recheck_users_every(self, period: Duration) {
        let part = f64::from(std::process::id() % 1_000) / 1_000.0;
        let mut ticks = interval_at(Instant::now() + period.mul_f64(0.5 + part / 2.0), period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.recheck_users().await {
                tracing::warn!(%error, "the user check failed; sessions continue");
            }
        }
    }
}
