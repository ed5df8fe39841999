//! The speed of logins, compared with the bare statements that a login needs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use erp_db::ErpReader;
use session::{Options, Principal};
use sqlx::{AssertSqlSafe, PgConnection};

use crate::world::{CLIENT, USER, World};
use crate::{Extent, Outcome};

/// The number of concurrent logins: as many as a node has connections.
const AT_ONCE: usize = 8;

/// How often a tree is loaded.
const LOADS: usize = 200;

/// The reads of a login, one statement after the other: the user with its roles, the role's access, the
/// organizations that the access depends on, and the tree's revision.
const BARE: [&str; 4] = [
    "SELECT u.ad_client_id, u.isactive, u.islocked, u.default_ad_role_id, l.ad_role_id, l.isactive \
       FROM ad_user u JOIN ad_user_roles l ON l.ad_user_id = u.ad_user_id WHERE u.ad_user_id = '{user}'",
    "SELECT r.ad_client_id, r.userlevel, r.isactive, a.ad_org_id, a.isactive \
       FROM ad_role r LEFT JOIN ad_role_orgaccess a ON a.ad_role_id = r.ad_role_id \
       WHERE r.ad_role_id = (SELECT default_ad_role_id FROM ad_user WHERE ad_user_id = '{user}')",
    "SELECT ad_org_id, isactive FROM ad_org WHERE ad_client_id = '{client}'",
    "SELECT revision, mark FROM orgcache.orgcache_revision WHERE client_id IN ('', '{client}')",
];

/// The row that a login writes to the store.
const BARE_INSERT: &str = "INSERT INTO orgcache.orgcache_session \
     SELECT sha256('{number}'::bytea), client_id, user_id, role_id, org_id, tree, access, idle, absolute, began, seen \
     FROM orgcache.orgcache_session LIMIT 1";

/// All rows of a tree.
const BARE_TREE: &str = "SELECT i.ad_tree_org_id, t.ad_tree_id, n.node_id, n.parent_id, o.ad_org_id, o.ad_client_id, \
       o.isactive, o.isready, o.isperiodcontrolallowed, o.c_calendar_id, o.ad_orgtype_id, y.ad_orgtype_id, \
       y.islegalentity, y.isbusinessunit, y.istransactionsallowed, y.isacctlegalentity \
     FROM ad_client c LEFT JOIN ad_clientinfo i ON i.ad_client_id = c.ad_client_id \
     LEFT JOIN ad_tree t ON t.ad_client_id = c.ad_client_id AND t.ad_table_id = '155' \
     LEFT JOIN ad_treenode n ON n.ad_tree_id = t.ad_tree_id LEFT JOIN ad_org o ON o.ad_org_id = n.node_id \
     LEFT JOIN ad_orgtype y ON y.ad_orgtype_id = o.ad_orgtype_id WHERE c.ad_client_id = '{client}'";

pub(crate) async fn measure(world: &World, extent: Extent) -> Outcome {
    println!("\nlogins on an unchanged tree, and five bare statements one after the other\n");
    println!("{:<36} {:>12} {:>10} {:>10}", "", "a second", "median ms", "p99 ms");
    let node = world.node(Options::default()).await?;
    node.login(Principal::new(USER.parse()?)).await?;
    for delay in [Duration::ZERO, Duration::from_millis(1)] {
        for at_once in [1, AT_ONCE] {
            world.erp.delay(delay);
            world.store.delay(delay);
            let name = format!("{at_once} at a time, {} ms added", delay.as_millis());
            let each = extent.held.div_ceil(at_once * 4);
            let logins = futures_util::future::join_all((0..at_once).map(|_| async {
                let mut took = Vec::with_capacity(each);
                for _ in 0..each {
                    let began = Instant::now();
                    node.login(Principal::new(USER.parse()?)).await?;
                    took.push(began.elapsed());
                }
                Ok::<_, Box<dyn std::error::Error>>(took)
            }));
            print(&format!("logins, {name}"), logins).await?;
            let numbers = AtomicU64::new(0);
            let mut connections = Vec::new();
            for _ in 0..at_once {
                connections.push((world.connect(&world.erp).await?, world.connect(&world.store).await?));
            }
            let bare = connections.into_iter().map(|(mut erp, mut store)| {
                let numbers = &numbers;
                async move {
                    let mut took = Vec::with_capacity(each);
                    for _ in 0..each {
                        let began = Instant::now();
                        for statement in BARE {
                            ask(&mut erp, statement, 0).await?;
                        }
                        let number = numbers.fetch_add(1, Ordering::Relaxed);
                        ask(&mut store, BARE_INSERT, number).await?;
                        took.push(began.elapsed());
                    }
                    Ok(took)
                }
            });
            print(&format!("bare, {name}"), futures_util::future::join_all(bare)).await?;
            world.execute("DELETE FROM orgcache.orgcache_session").await?;
            node.login(Principal::new(USER.parse()?)).await?;
        }
    }
    world.erp.delay(Duration::ZERO);
    world.store.delay(Duration::ZERO);
    loads(world).await
}

/// Loads and builds a tree, compared with the bare statement for its rows by the same driver.
async fn loads(world: &World) -> Outcome {
    let reader = ErpReader::open(world.database().await?).await?;
    let mut connection = world.connect(&world.erp).await?;
    let (mut loads, mut bare) = (Vec::with_capacity(LOADS), Vec::with_capacity(LOADS));
    for _ in 0..LOADS {
        let began = Instant::now();
        reader.load_tree(CLIENT.parse()?).await?;
        loads.push(began.elapsed());
        let began = Instant::now();
        ask(&mut connection, BARE_TREE, 0).await?;
        bare.push(began.elapsed());
    }
    let (load, bare) = (percentile(&mut loads, 50), percentile(&mut bare, 50));
    println!(
        "\na tree loaded and built, median: {load:.2} ms; the bare statement for its rows: {bare:.2} ms"
    );
    Ok(())
}

async fn ask(connection: &mut PgConnection, statement: &str, number: u64) -> Outcome {
    let statement = statement
        .replace("{user}", USER)
        .replace("{client}", CLIENT)
        .replace("{number}", &number.to_string());
    sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(connection).await?;
    Ok(())
}

/// Collects the times of several series, and prints them.
async fn print(name: &str, series: impl Future<Output = Vec<Outcome<Vec<Duration>>>>) -> Outcome {
    let began = Instant::now();
    let mut times = Vec::new();
    for took in series.await {
        times.extend(took?);
    }
    let seconds = began.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(times.len())?) / seconds;
    let (median, slow) = (percentile(&mut times, 50), percentile(&mut times, 99));
    println!("{name:<36} {rate:>12.0} {median:>10.2} {slow:>10.2}");
    Ok(())
}

/// In milliseconds.
fn percentile(times: &mut [Duration], percent: usize) -> f64 {
    times.sort_unstable();
    let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
}
