//! The costs of each operation of a node on the two databases.

use std::time::Duration;

use session::{Options, Principal, SessionManager, Token};

use crate::world::{USER, World};
use crate::{Extent, Outcome};

/// The number of concurrent logins.
const AT_ONCE: usize = 16;

/// How often single operations are repeated.
const REPEATS: usize = 50;

pub(crate) async fn measure(world: &World, extent: Extent) -> Outcome {
    println!("\neach operation, per session\n");
    println!(
        "{:<44} {:>11} {:>11} {:>10} {:>11} {:>11} {:>10} {:>10} {:>10}",
        "operation",
        "ERP trips",
        "statements",
        "bytes",
        "store trips",
        "statements",
        "bytes to",
        "from",
        "log bytes"
    );
    let table = Table { world };
    // Disable timers that query the store, so that a slow machine does not change the counts.
    let options = Options::default().with(|options| options.revalidate_within = Duration::from_secs(3_600));
    let (a, b, c) =
        (world.node(options.clone()).await?, world.node(options.clone()).await?, world.node(options).await?);
    // Open the connections before counting.
    log_in(&a).await?;
    log_in(&b).await?;
    if let Some(unknown) = Token::parse(&"0".repeat(64)) {
        c.session(&unknown).await.err();
    }

    table
        .row("login, tree unchanged, no triggers", REPEATS, async || {
            for _ in 0..REPEATS {
                log_in(&a).await?;
            }
            Ok(())
        })
        .await?;
    erp_db::revisions::install(&world.database().await?).await?;
    log_in(&a).await?;
    log_in(&b).await?;
    let mut tokens = Vec::new();
    table
        .row("login, tree unchanged, triggers", REPEATS, async || {
            for _ in 0..REPEATS {
                tokens.push(log_in(&a).await?);
            }
            Ok(())
        })
        .await?;
    for number in 0..2 {
        world.change(number).await?;
        let name = if number == 0 { "login, tree changed, new" } else { "login, tree changed, seen before" };
        table.row(name, 1, async || log_in(&a).await.map(drop)).await?;
    }
    table.row("request of a session that is held", REPEATS, async || ask(&a, &tokens).await).await?;
    table.row("first request elsewhere, tree held there", REPEATS, async || ask(&b, &tokens).await).await?;
    let first: Vec<Token> = tokens.first().cloned().into_iter().collect();
    table.row("first request elsewhere, tree not held", 1, async || ask(&c, &first).await).await?;
    table
        .row("refresh", REPEATS, async || {
            for token in &mut tokens {
                *token = a.refresh(token).await?.token;
            }
            Ok(())
        })
        .await?;
    table
        .row("logout", REPEATS, async || {
            for token in &tokens {
                a.logout(token).await?;
            }
            Ok(())
        })
        .await?;

    let mut tokens = Vec::new();
    for _ in 0..extent.held.div_ceil(AT_ONCE) {
        let logins = futures_util::future::join_all((0..AT_ONCE).map(|_| log_in(&a))).await;
        for login in logins {
            tokens.push(login?);
        }
    }
    let held = tokens.len();
    a.maintain().await?;
    ask(&a, &tokens).await?;
    table
        .row(&format!("re-validation of {held}, one statement"), held, async || Ok(a.revalidate().await?))
        .await?;
    table.row(&format!("use of {held} written behind"), held, async || Ok(a.flush().await?)).await?;
    table.row("a node's sweep and collection, idle", 1, async || Ok(a.sweep().await?)).await?;
    Ok(())
}

async fn log_in(node: &SessionManager) -> Outcome<Token> {
    Ok(node.login(Principal::new(USER.parse()?)).await?.token)
}

async fn ask(node: &SessionManager, tokens: &[Token]) -> Outcome {
    for token in tokens {
        node.session(token).await?;
    }
    Ok(())
}

struct Table<'a> {
    world: &'a World,
}

impl Table<'_> {
    /// Runs an operation for a number of sessions, and prints the cost per session.
    async fn row(&self, name: &str, sessions: usize, mut work: impl AsyncFnMut() -> Outcome) -> Outcome {
        let (erp_before, store_before) = self.world.idle_traffic().await;
        let log_before = self.world.log_end().await?;
        work().await?;
        let (erp, store) = self.world.idle_traffic().await;
        let log = self.world.log_end().await? - log_before;
        let (erp, store) = (erp.since(erp_before), store.since(store_before));
        let each = |count: u64| each(count, sessions);
        println!(
            "{name:<44} {:>11} {:>11} {:>10} {:>11} {:>11} {:>10} {:>10} {:>10}",
            trips(erp.round_trips, erp.pings, sessions),
            each(erp.statements),
            each(erp.sent + erp.received),
            trips(store.round_trips, store.pings, sessions),
            each(store.statements),
            each(store.sent),
            each(store.received),
            each(u64::try_from(log)?),
        );
        Ok(())
    }
}

/// Round trips, and how many of them only check the connection.
fn trips(all: u64, pings: u64, sessions: usize) -> String {
    if pings == 0 {
        each(all, sessions)
    } else {
        format!("{} ({})", each(all, sessions), each(pings, sessions))
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
fn each(count: u64, sessions: usize) -> String {
    let each = count as f64 / sessions.max(1) as f64;
    if each >= 10.0 || each == 0.0 { format!("{each:.0}") } else { format!("{each:.2}") }
}
