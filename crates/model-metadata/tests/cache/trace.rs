//! The hit rate of a simulated working day: users and agents work on a few models, in bursts.

use crate::support::{Numbers, Server, cache, definitions, scope, seconds};
use model_metadata::CacheConfig;

/// Eight hours of 20 users. Each burst concerns one of 30 models, popular ones more often. Each call of a
/// burst checks a permission and needs definitions. One call in 200 names an unknown field.
#[tokio::test]
async fn the_hit_rate_of_a_working_day_exceeds_80_percent() {
    let names: Vec<String> = (0..30).map(|number| format!("model.{number}")).collect();
    let models: Vec<_> = names.iter().map(|name| (name.as_str(), definitions(name, 20))).collect();
    let server = Server::with(&models);
    let (cache, clock) = cache(CacheConfig::default());
    let mut numbers = Numbers(7);
    // A burst of one user every 20 seconds.
    for _ in 0..8 * 180 {
        let scope = scope(1 + i64::try_from(numbers.below(20)).unwrap());
        let model = (0..3).map(|_| numbers.below(30)).min().unwrap();
        let model = &names[usize::try_from(model).unwrap()];
        for _ in 0..2 + numbers.below(9) {
            clock.advance(seconds(2));
            cache.permissions(&server, &scope, model).await.unwrap().unwrap();
            let names: &[&str] = if numbers.below(200) == 0 { &["no_such"] } else { &["x_field_1"] };
            cache.fields_naming(&server, &scope, model, names).await.unwrap().unwrap();
        }
        clock.advance(seconds(8));
    }
    let stats = cache.stats();
    let (fields, all) = (stats.fields.hit_rate().unwrap(), stats.total().hit_rate().unwrap());
    assert!(fields > 0.8, "fields {fields:.3}");
    assert!(all > 0.8, "all {all:.3}");
}
