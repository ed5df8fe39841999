//! The costs of sessions on PostgreSQL: messages, statements and bytes of each operation, write-ahead log,
//! and disk.
//!
//! ```console
//! $ cargo run --release -p benches --features databases --bin bench-store-cost -- postgres://postgres@localhost/postgres
//! $ cargo run --release -p benches --features databases --bin bench-store-cost -- --quick postgres://postgres@localhost/postgres
//! ```
//!
//! Creates its own database on that server, which should be otherwise idle, and drops it at the end. The
//! figures of docs/scaling.md are its output.

mod disk;
mod operations;
mod speed;
#[path = "../../../../crates/erp-db/tests/contract/wire.rs"]
mod wire;
mod world;

use std::error::Error;

use world::World;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The amount of measurement.
#[derive(Clone, Copy)]
pub(crate) struct Extent {
    /// Sessions that one node caches, or that are created one by one.
    pub(crate) held: usize,
    /// Sessions that are stored in total.
    pub(crate) stored: usize,
}

#[tokio::main]
async fn main() -> Outcome {
    let (mut extent, mut url) = (Extent { held: 2_000, stored: 100_000 }, None);
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => extent = Extent { held: 200, stored: 2_000 },
            _ => url = Some(argument),
        }
    }
    let url = url.ok_or("name a server on which databases may be created: postgres://USER@HOST/DATABASE")?;
    let world = World::make(&url).await?;
    let outcome = measure(&world, extent).await;
    world.drop_database().await?;
    outcome
}

async fn measure(world: &World, extent: Extent) -> Outcome {
    let version = world.number("SELECT current_setting('server_version_num')::bigint").await?;
    println!(
        "PostgreSQL {}.{}, trees of {} organizations",
        version / 10_000,
        version % 10_000,
        world::ORGANIZATIONS
    );
    operations::measure(world, extent).await?;
    speed::measure(world, extent).await?;
    disk::measure(world, extent).await
}
