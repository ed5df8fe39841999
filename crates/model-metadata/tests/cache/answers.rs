//! Results of the cache, its loads from the server, and its counters.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::support::{Server, Unavailable, cache, definitions, scope, seconds};
use model_metadata::{CacheConfig, CacheScope, DatabaseUser, Projection};
use parking_lot::Mutex;

const PARTNER: &str = r#"{"name": {"type": "char", "string": "Name"}, "active": {"type": "boolean"}}"#;

fn partner() -> Arc<Server> {
    Server::with(&[("res.partner", PARTNER.to_owned())])
}

#[tokio::test]
async fn complete_definitions_are_loaded_once_for_all_projections() {
    let (cache, _) = cache(CacheConfig::default());
    let server = partner();
    for names in [None, Some(&["name"][..]), Some(&["active", "name"]), Some(&["name", "no_such"])] {
        for attributes in [None, Some(&["type"][..]), Some(&["string", "relation"])] {
            let requested: Vec<&str> = names.unwrap_or_default().to_vec();
            let all =
                cache.fields_naming(&server, &scope(2), "res.partner", &requested).await.unwrap().unwrap();
            let part = serde_json::to_value(Projection::new(&all, names, attributes)).unwrap();
            let full: serde_json::Value = serde_json::from_str(PARTNER).unwrap();
            for (name, definition) in part.as_object().unwrap() {
                for (attribute, value) in definition.as_object().unwrap() {
                    assert_eq!(&full[name][attribute], value);
                    assert!(attributes.is_none_or(|names| names.contains(&attribute.as_str())));
                }
            }
        }
    }
    assert_eq!(server.loads(), 1);
    let stats = cache.stats().fields;
    assert_eq!((stats.hits, stats.misses, stats.loads, stats.entries), (11, 1, 1, 1));
}

#[tokio::test]
async fn equal_definitions_of_different_principals_share_one_allocation() {
    let (cache, _) = cache(CacheConfig::default());
    let server = partner();
    let one = cache.fields(&server, &scope(2), "res.partner").await.unwrap().unwrap();
    let other = cache.fields(&server, &scope(6), "res.partner").await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&one, &other));
    assert_eq!(server.loads(), 2, "each user has a separate load");
    let stats = cache.stats().fields;
    assert_eq!((stats.entries, stats.contents), (2, 1));
}

#[tokio::test]
async fn answers_are_not_shared_between_principals() {
    let (cache, _) = cache(CacheConfig::default());
    let server = partner();
    *server.secret.lock() = Some((2, "margin".to_owned()));
    for _ in 0..2 {
        let admin = cache.fields(&server, &scope(2), "res.partner").await.unwrap().unwrap();
        let user = cache.fields_naming(&server, &scope(6), "res.partner", &["margin"]).await;
        assert!(admin.get("margin").is_some());
        assert!(user.unwrap().unwrap().get("margin").is_none());
        assert!(cache.permissions(&server, &scope(2), "res.partner").await.unwrap().unwrap().write);
        assert!(!cache.permissions(&server, &scope(6), "res.partner").await.unwrap().unwrap().write);
    }
}

#[tokio::test]
async fn scopes_differ_by_database_user_language_and_companies() {
    let (cache, _) = cache(CacheConfig::default());
    let server = partner();
    let base = scope(2);
    let scopes = [
        base.clone(),
        scope(3),
        CacheScope::new(DatabaseUser::new("staging", 2), "en_US"),
        CacheScope::new(base.user().clone(), "fr_FR"),
        base.with_companies([1]),
        base.with_companies([1, 2]),
    ];
    for _ in 0..2 {
        for scope in &scopes {
            cache.fields(&server, scope, "res.partner").await.unwrap();
            cache.permissions(&server, scope, "res.partner").await.unwrap();
        }
    }
    assert_eq!(cache.stats().fields.loads, 6);
    assert_eq!(cache.stats().permissions.loads, 5, "permissions do not depend on the language");
}

#[tokio::test]
async fn an_entry_is_valid_for_its_time_to_live() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    cache.permissions(&server, &scope(2), "res.partner").await.unwrap();
    clock.advance(seconds(299));
    cache.permissions(&server, &scope(2), "res.partner").await.unwrap();
    assert_eq!(server.loads(), 2);
    clock.advance(seconds(1));
    cache.permissions(&server, &scope(2), "res.partner").await.unwrap();
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    assert_eq!(server.loads(), 3);
    clock.advance(seconds(3_300));
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    assert_eq!(server.loads(), 4);
    assert_eq!(cache.stats().total().evicted_expired, 2);
    clock.advance(seconds(4_000));
    cache.remove_expired();
    assert_eq!((cache.stats().total().entries, cache.stats().total().bytes), (0, 0));
}

#[tokio::test]
async fn a_new_field_is_loaded_when_a_caller_names_it() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    clock.advance(seconds(60));
    server.set("res.partner", r#"{"name": {"type": "char"}, "x_new": {"type": "char"}}"#);
    let known = cache.fields_naming(&server, &scope(2), "res.partner", &["name"]).await.unwrap().unwrap();
    assert!(known.get("x_new").is_none());
    let fresh = cache.fields_naming(&server, &scope(2), "res.partner", &["x_new"]).await.unwrap().unwrap();
    assert!(fresh.get("x_new").is_some());
    assert_eq!(server.loads(), 2);
}

#[tokio::test]
async fn an_unknown_field_causes_one_load_per_negative_time_to_live() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    for (wait, loads) in [(0, 1), (4, 1), (1, 2), (4, 2), (1, 3)] {
        clock.advance(seconds(wait));
        for name in ["no_such", "nor_this"] {
            let fields = cache.fields_naming(&server, &scope(2), "res.partner", &[name]).await;
            assert!(fields.unwrap().unwrap().get(name).is_none());
        }
        assert_eq!(server.loads(), loads);
    }
}

#[tokio::test]
async fn an_unknown_model_causes_another_load_after_the_negative_time_to_live() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    assert!(cache.fields(&server, &scope(2), "x_new").await.unwrap().is_none());
    assert!(cache.models(&server, &scope(2), &["x_new"]).await.unwrap().label("x_new").is_none());
    server.set("x_new", PARTNER);
    clock.advance(seconds(4));
    assert!(cache.fields(&server, &scope(2), "x_new").await.unwrap().is_none());
    assert!(cache.models(&server, &scope(2), &["x_new"]).await.unwrap().label("x_new").is_none());
    clock.advance(seconds(1));
    assert!(cache.fields(&server, &scope(2), "x_new").await.unwrap().is_some());
    assert!(cache.models(&server, &scope(2), &[]).await.unwrap().label("x_new").is_none());
    assert!(cache.models(&server, &scope(2), &["x_new"]).await.unwrap().label("x_new").is_some());
}

#[tokio::test]
async fn a_lookup_of_an_unknown_name_fails_if_the_server_does_not_answer() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    clock.advance(seconds(60));
    server.unavailable.store(true, Ordering::SeqCst);
    let unknown = cache.fields_naming(&server, &scope(2), "res.partner", &["x_new"]).await;
    assert_eq!(*unknown.unwrap_err(), Unavailable);
    let known = cache.fields_naming(&server, &scope(2), "res.partner", &["name"]).await;
    assert!(known.unwrap().is_some(), "known names are still served");
}

#[tokio::test]
async fn an_error_reaches_all_waiting_callers_and_is_not_cached() {
    let (cache, _) = cache(CacheConfig::default());
    let server = partner();
    server.unavailable.store(true, Ordering::SeqCst);
    let scope = scope(2);
    let load = || cache.permissions(&server, &scope, "res.partner");
    let (one, other) = futures_util::future::join(load(), load()).await;
    assert!(Arc::ptr_eq(&one.unwrap_err(), &other.unwrap_err()));
    assert_eq!(server.loads(), 1);
    server.unavailable.store(false, Ordering::SeqCst);
    assert!(load().await.unwrap().is_some());
    assert_eq!((cache.stats().permissions.load_failures, cache.stats().permissions.entries), (1, 1));
}

#[tokio::test]
async fn an_invalidation_affects_only_its_own_entries() {
    let (cache, _) = cache(CacheConfig::default());
    let server = Server::with(&[("a", PARTNER.to_owned()), ("b", PARTNER.to_owned())]);
    let other_database = CacheScope::new(DatabaseUser::new("staging", 2), "en_US");
    let load_all = async || {
        let before = cache.stats().fields.loads;
        for scope in [&scope(2), &scope(6), &other_database] {
            for model in ["a", "b"] {
                cache.fields(&server, scope, model).await.unwrap();
            }
        }
        cache.stats().fields.loads - before
    };
    assert_eq!(load_all().await, 6);
    cache.invalidate_user(&DatabaseUser::new("production", 6));
    assert_eq!(cache.stats().fields.entries, 4);
    cache.invalidate_all();
    assert_eq!((cache.stats().fields.entries, cache.stats().fields.bytes), (0, 0));
    assert_eq!(load_all().await, 6);
    cache.invalidate_model("production", "a");
    assert_eq!(cache.stats().fields.entries, 4, "entries of another database remain");
    assert_eq!(cache.stats().fields.evicted_invalidated, 8);
    assert_eq!(load_all().await, 2);
    assert_eq!(load_all().await, 0);
}

#[tokio::test]
async fn an_ageing_entry_is_served_and_refreshed_in_the_background() {
    let mut config = CacheConfig::default();
    config.fields.refresh_after = Some(seconds(600));
    let (cache, clock) = cache(config);
    let tasks = Arc::new(Mutex::new(Vec::new()));
    let queue = Arc::clone(&tasks);
    let cache = cache.refresh_with(move |task| queue.lock().push(task));
    let run = async || {
        let due = std::mem::take(&mut *tasks.lock());
        let count = due.len();
        futures_util::future::join_all(due).await;
        count
    };
    let server = partner();
    let has_new = async || {
        cache.fields(&server, &scope(2), "res.partner").await.unwrap().unwrap().get("x_new").is_some()
    };

    assert!(!has_new().await);
    server.set("res.partner", r#"{"x_new": {"type": "char"}}"#);
    clock.advance(seconds(600));
    assert!(!has_new().await);
    assert!(!has_new().await);
    assert_eq!(run().await, 1, "callers share one refresh");
    assert!(has_new().await);
    assert_eq!((cache.stats().fields.misses, cache.stats().fields.loads), (1, 2));

    server.unavailable.store(true, Ordering::SeqCst);
    clock.advance(seconds(600));
    assert!(has_new().await);
    assert_eq!(run().await, 1);
    assert!(has_new().await);
    assert_eq!(run().await, 0, "a failed refresh is not retried at once");
    clock.advance(seconds(5));
    assert!(has_new().await);
    assert_eq!(run().await, 1);
    clock.advance(seconds(3_000));
    let late = cache.fields(&server, &scope(2), "res.partner").await;
    assert_eq!(*late.unwrap_err(), Unavailable, "an expired entry is not served");
}

#[tokio::test]
async fn permissions_for_many_models_are_loaded_with_bounded_concurrency() {
    let (cache, _) = cache(CacheConfig::default());
    let names: Vec<String> = (0..50).map(|number| format!("model.{number}")).collect();
    let models: Vec<_> = names.iter().map(|name| (name.as_str(), PARTNER.to_owned())).collect();
    let server = Server::with(&models);
    let mut requested: Vec<&str> = names.iter().map(String::as_str).collect();
    requested.push("no.such");
    let answers = cache.permissions_for(&server, &scope(2), &requested, 5).await;
    assert_eq!(answers.len(), 51);
    assert!(answers[..50].iter().all(|answer| answer.as_ref().unwrap().unwrap().read));
    assert!(answers[50].as_ref().unwrap().is_none());
    assert_eq!(server.permission_loads_at_once.load(Ordering::SeqCst), 5);
}

#[tokio::test]
async fn a_value_larger_than_the_bound_evicts_no_other() {
    let mut config = CacheConfig::default();
    config.fields.max_bytes = 20_000;
    let (cache, _) = cache(config);
    let server = Server::with(&[("small", PARTNER.to_owned()), ("large", definitions("large", 1_000))]);
    cache.fields(&server, &scope(2), "small").await.unwrap();
    assert_eq!(cache.fields(&server, &scope(2), "large").await.unwrap().unwrap().len(), 1_000);
    let stats = cache.stats().fields;
    assert_eq!((stats.entries, stats.loads_oversized, stats.evicted_capacity), (1, 1, 0));
}

#[tokio::test]
async fn known_fields_returns_only_valid_cached_definitions() {
    let (cache, clock) = cache(CacheConfig::default());
    let server = partner();
    assert!(cache.known_fields(&scope(2), "res.partner").is_none());
    let loaded = cache.fields(&server, &scope(2), "res.partner").await.unwrap().unwrap();
    let before = cache.stats().fields;
    assert!(Arc::ptr_eq(&cache.known_fields(&scope(2), "res.partner").unwrap(), &loaded));
    assert!(cache.known_fields(&scope(6), "res.partner").is_none());
    assert_eq!(cache.stats().fields, before);
    clock.advance(seconds(3_600));
    assert!(cache.known_fields(&scope(2), "res.partner").is_none());
    cache.fields(&server, &scope(2), "res.partner").await.unwrap();
    cache.invalidate_model("production", "res.partner");
    assert!(cache.known_fields(&scope(2), "res.partner").is_none());
}
