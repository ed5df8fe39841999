//! Disk space of stored sessions, trees and accesses, and their rates.

use std::sync::Arc;
use std::time::{Duration, Instant};

use erp_db::{ErpReader, SqlStore};
use futures_util::StreamExt;
use futures_util::stream;
use org_structure::{Fingerprint, OrgFlags, OrgRow, OrgStructure};
use session::openbravo::AccessOptions;
use session::{
    AccessHash, BATCH, ClientId, CreateOutcome, LastUse, Lifetime, NewSession, RoleAccess, RoleId, Scope,
    SessionId, SessionRecord, SessionStore, UserId,
};

use crate::world::{CLIENT, USER, World};
use crate::{Extent, Outcome};

/// As many as a node's store has connections.
const AT_ONCE: usize = 8;

/// The number of trees with one session each.
const TREES: usize = 1_000;

/// A tree and an access to pin sessions to.
struct Pinned {
    tree: OrgStructure,
    fingerprint: Fingerprint,
    access: RoleAccess,
    hash: AccessHash,
}

impl Pinned {
    fn new(tree: OrgStructure, access: RoleAccess) -> Self {
        let fingerprint = tree.fingerprint();
        let hash = AccessHash::from_canonical(&access.encode(fingerprint));
        Pinned { tree, fingerprint, access, hash }
    }

    fn record(&self, number: u64) -> Outcome<Arc<SessionRecord>> {
        // Names are hashes, so they are unordered.
        let id = *blake3::hash(&number.to_le_bytes()).as_bytes();
        let hexadecimal = |number: u64| format!("{:032X}", u128::from(number) << 64 | 0xA5A5);
        Ok(Arc::new(SessionRecord {
            id: SessionId::from_bytes(id),
            client: ClientId::new(CLIENT)?,
            user: UserId::new(&hexadecimal(number / 2))?,
            role: RoleId::new(&hexadecimal(number % 20))?,
            org: USER.parse()?,
            tree: self.fingerprint,
            access: self.hash,
            lifetime: Lifetime::new(Duration::from_secs(1_800), Duration::from_secs(43_200)),
        }))
    }
}

pub(crate) async fn measure(world: &World, extent: Extent) -> Outcome {
    let reader = ErpReader::open(world.database().await?).await?;
    let tree = reader.load_tree(CLIENT.parse()?).await?.structure;
    let role =
        reader.user(USER.parse()?).await?.and_then(|user| user.default_role).ok_or("the user has no role")?;
    let role = reader.role_facts(role, CLIENT.parse()?).await?.ok_or("there is no such role")?;
    let options = AccessOptions::default();
    let one = Pinned::new(tree.clone(), role.access(&tree, &options));
    world
        .execute("TRUNCATE orgcache.orgcache_session, orgcache.orgcache_tree, orgcache.orgcache_access")
        .await?;
    let store = world.store().await?;

    println!("\nmany sessions on one tree\n");
    let took = create(&*store, extent.held, |_| &one, 0).await?;
    println!("{} logins stored, {AT_ONCE} at a time: {:.0} a second", extent.held, rate(extent.held, took));
    world.execute(&fill(extent.stored.saturating_sub(extent.held))).await?;
    relations(world, "orgcache_session", extent.stored).await?;
    let listed = store.list(&Scope::Client(CLIENT.parse()?), None, BATCH).await?;
    let batch: Vec<SessionId> = listed.iter().map(|stored| stored.record.id).collect();
    let began = Instant::now();
    store.missing(&batch).await?;
    println!("re-validation of {}: {:.0} ms", batch.len(), milliseconds(began.elapsed()));
    let seen: Vec<LastUse> = batch.iter().map(|id| LastUse { id: *id, ago: Duration::ZERO }).collect();
    let began = Instant::now();
    store.touch(&seen).await?;
    println!("use of {} written behind: {:.0} ms", seen.len(), milliseconds(began.elapsed()));
    let began = Instant::now();
    let mut opened = stream::iter(batch.iter().map(|id| store.open(id))).buffer_unordered(AT_ONCE);
    while let Some(found) = opened.next().await {
        found?.ok_or("a session is not there")?;
    }
    drop(opened);
    println!("sessions read, {AT_ONCE} at a time: {:.0} a second", rate(batch.len(), began.elapsed()));

    println!("\none session on each of {TREES} trees\n");
    let mut trees = Vec::with_capacity(TREES);
    for number in 0..TREES {
        let tree = another(&tree, number)?;
        let access = role.access(&tree, &options);
        trees.push(Pinned::new(tree, access));
    }
    let first = u64::try_from(extent.stored)?;
    let pick = |number: usize| trees.get(number % TREES).unwrap_or(&one);
    let took = create(&*store, TREES, pick, first).await?;
    println!("{TREES} logins stored, {AT_ONCE} at a time: {:.0} a second", rate(TREES, took));
    relations(world, "orgcache_tree", TREES + 1).await?;
    relations(world, "orgcache_access", TREES + 1).await?;
    store.close().await;
    Ok(())
}

/// The same organizations, with another flag on one of them.
fn another(tree: &OrgStructure, number: usize) -> Outcome<OrgStructure> {
    let ids: Vec<_> =
        tree.indices().map(|org| (tree.id(org), tree.parent(org).and_then(|above| tree.id(above)))).collect();
    let zone = format!("Zone/{number}");
    let rows = tree.indices().zip(&ids).filter_map(|(org, (id, above))| {
        let row = OrgRow::new(id.as_ref()?.as_str()).with_flags(tree.flags(org).unwrap_or(OrgFlags::READY));
        let row = match above {
            Some(above) => row.under(above.as_str()),
            None => row,
        };
        Some(if org.rank() == 1 { row.in_time_zone(&zone) } else { row })
    });
    Ok(OrgStructure::build(rows)?.structure)
}

async fn create<'a>(
    store: &dyn SqlStore,
    count: usize,
    pinned: impl Fn(usize) -> &'a Pinned,
    first: u64,
) -> Outcome<Duration> {
    let mut records = Vec::with_capacity(count);
    for number in 0..count {
        records.push((pinned(number), pinned(number).record(first + u64::try_from(number)?)?));
    }
    let began = Instant::now();
    let creating = records.iter().map(|(pinned, record)| async move {
        store.create(&NewSession::new(record, &pinned.tree, &pinned.access)).await
    });
    let mut creating = stream::iter(creating).buffer_unordered(AT_ONCE);
    while let Some(created) = creating.next().await {
        if created? != CreateOutcome::Done {
            return Err("a session was not stored".into());
        }
    }
    Ok(began.elapsed())
}

/// Copies the existing session, with random names and other users.
fn fill(count: usize) -> String {
    format!(
        "INSERT INTO orgcache.orgcache_session \
         SELECT sha256(n::text::bytea), client_id, upper(md5((n / 2)::text)), upper(md5((n % 20)::text)), org_id, \
           tree, access, idle, absolute, began, seen \
         FROM (SELECT * FROM orgcache.orgcache_session LIMIT 1) s, generate_series(1, {count}) n"
    )
}

/// Prints the size of a table and of each of its indexes.
async fn relations(world: &World, table: &str, rows: usize) -> Outcome {
    world.execute(&format!("VACUUM (ANALYZE) orgcache.{table}")).await?;
    let each = |bytes: i64| format!("{:.0}", rate_of(bytes, rows));
    let heap = world.number(&format!("SELECT pg_relation_size('orgcache.{table}')")).await?;
    let with_toast = world.number(&format!("SELECT pg_table_size('orgcache.{table}')")).await?;
    let indexes = world.number(&format!("SELECT pg_indexes_size('orgcache.{table}')")).await?;
    let total = world.number(&format!("SELECT pg_total_relation_size('orgcache.{table}')")).await?;
    println!(
        "{table}, bytes a row: {} (rows {}, outsized values {}, indexes {})",
        each(total),
        each(heap),
        each(with_toast - heap),
        each(indexes)
    );
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "shown without a fraction")]
fn rate_of(bytes: i64, rows: usize) -> f64 {
    bytes as f64 / rows.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "shown without a fraction")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
