//! Time per call of the tree: `cargo bench --package benches`.
//!
//! Every figure is the mean over a fixed random sequence of 4,096 organizations, or pairs of them; the calls
//! are independent of each other. `cargo bench --package benches -- natural_tree` runs only the benchmarks
//! with that in their name.
#![expect(clippy::unwrap_used, reason = "a bench may fail loudly")]

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use benches::trees::{Row, Shape, build, rows, sequence};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use org_structure::openbravo::OrganizationStructureProvider;
use org_structure::{OrgFlags, OrgIndex, OrgStructure};

const SHAPES: [Shape; 3] = [Shape::Flat, Shape::Fan5, Shape::Chain];
const ORGANIZATIONS: [usize; 3] = [600, 6_000, 60_000];
const ASKED: usize = 4_096;

/// A tree, and the organizations to ask about.
struct QuestionedTree {
    tree: Arc<OrgStructure>,
    ids: Vec<(String, String)>,
    orgs: Vec<(OrgIndex, OrgIndex)>,
}

impl QuestionedTree {
    fn new(shape: Shape, organizations: usize) -> Self {
        let rows = rows(shape, organizations);
        let tree = Arc::new(build(&rows).unwrap());
        let id = |position: usize| rows.get(position).unwrap().id.clone();
        let draw = |seed| sequence(rows.len(), ASKED, seed).map(id);
        let ids: Vec<(String, String)> = draw(1).zip(draw(2)).collect();
        let org = |id: &str| tree.index_of(id).unwrap();
        let orgs = ids.iter().map(|(one, other)| (org(one), org(other))).collect();
        QuestionedTree { tree, ids, orgs }
    }
}

/// Runs one measurement on every tree.
fn on_every_tree(
    criterion: &mut Criterion,
    name: &str,
    measure: impl Fn(&mut BenchmarkGroup<'_, WallTime>, BenchmarkId, &QuestionedTree),
) {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for organizations in ORGANIZATIONS {
        for shape in SHAPES {
            let asked = QuestionedTree::new(shape, organizations);
            measure(&mut group, BenchmarkId::new(shape.name(), organizations), &asked);
        }
    }
    group.finish();
}

/// Measures the time per call over the sequence, repeatedly. The answers of `call` are passed to `black_box`.
fn each<'a, Q, A>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    id: BenchmarkId,
    asked: &'a [Q],
    call: impl Fn(&'a Q) -> A,
) {
    group.bench_function(id, |bencher| {
        bencher.iter_custom(|calls| {
            let mut left = usize::try_from(calls).unwrap();
            let start = Instant::now();
            while left > 0 {
                let now = asked.get(..left).unwrap_or(asked);
                for question in now {
                    black_box(call(question));
                }
                left -= now.len();
            }
            start.elapsed()
        });
    });
}

fn calls(criterion: &mut Criterion) {
    on_every_tree(criterion, "index_of", |group, id, QuestionedTree { tree, ids, .. }| {
        each(group, id, ids, |(org, _)| tree.index_of(org));
    });
    on_every_tree(
        criterion,
        "is_in_natural_tree_by_index",
        |group, id, QuestionedTree { tree, orgs, .. }| {
            each(group, id, orgs, |&(one, other)| tree.is_in_natural_tree(one, other));
        },
    );
    on_every_tree(criterion, "is_in_natural_tree_by_id", |group, id, QuestionedTree { tree, ids, .. }| {
        let provider = OrganizationStructureProvider::new("client", tree);
        each(group, id, ids, |(one, other)| provider.is_in_natural_tree(Some(one), Some(other)));
    });
    on_every_tree(criterion, "natural_tree", |group, id, QuestionedTree { tree, orgs, .. }| {
        each(group, id, orgs, |&(org, _)| tree.natural_tree(org).to_set());
    });
    on_every_tree(criterion, "natural_tree_view", |group, id, QuestionedTree { tree, orgs, .. }| {
        each(group, id, orgs, |&(org, _)| tree.natural_tree(org));
    });
    on_every_tree(criterion, "descendants", |group, id, QuestionedTree { tree, orgs, .. }| {
        each(group, id, orgs, |&(org, _)| tree.descendants(org, false).to_set());
    });
    on_every_tree(criterion, "nearest_legal_entity", |group, id, QuestionedTree { tree, orgs, .. }| {
        each(group, id, orgs, |&(org, _)| tree.nearest(org, OrgFlags::LEGAL_ENTITY));
    });
}

/// Building from shuffled rows, up to a million organizations.
fn builds(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("build");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).sampling_mode(SamplingMode::Flat);
    for organizations in ORGANIZATIONS.into_iter().chain([1_000_000]) {
        for shape in SHAPES {
            let rows: Vec<Row> = rows(shape, organizations);
            group.bench_function(BenchmarkId::new(shape.name(), organizations), |bencher| {
                bencher.iter_with_large_drop(|| build(&rows));
            });
        }
    }
    group.finish();
}

fn bytes(criterion: &mut Criterion) {
    on_every_tree(criterion, "encode", |group, id, QuestionedTree { tree, .. }| {
        group.bench_function(id, |bencher| bencher.iter_with_large_drop(|| tree.encode()));
    });
    on_every_tree(criterion, "decode", |group, id, QuestionedTree { tree, .. }| {
        let bytes = tree.encode();
        group.bench_function(id, |bencher| bencher.iter_with_large_drop(|| OrgStructure::decode(&bytes)));
    });
}

criterion_group!(org_structure, calls, builds, bytes);
criterion_main!(org_structure);
