//! Ending the sessions of users whom the ERP does not admit any more.

use std::time::Duration;

use session::{Hint, Scope, UserId};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::backend::{Backend, BackendError};
use crate::http::gateway::Gateway;
use crate::http::session::end::EndOutcome;

impl Gateway {
    /// Ends the sessions that this instance holds of users who are locked, inactive or gone, and says how
    /// many. The ERP is asked by one statement for up to a thousand users. Of Odoo's users also those are
    /// ended whose companies or whose record have changed since the login. Each session is also looked up in
    /// the store at its next use, in case another program, such as `orgcache password`, ended it there.
    ///
    /// # Errors
    /// The ERP's database does not answer, or lacks what is asked. Then no session is ended.
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

    /// Calls [`recheck_users`](Self::recheck_users) again and again. Instances that start together ask at
    /// different moments.
    pub(crate) async fn recheck_users_every(self, period: Duration) {
        let part = f64::from(std::process::id() % 1_000) / 1_000.0;
        let mut ticks = interval_at(Instant::now() + period.mul_f64(0.5 + part / 2.0), period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.recheck_users().await {
                tracing::warn!(%error, "users could not be checked again; their sessions go on");
            }
        }
    }
}
