//! Tables for documents, from the records of several programs.

use core::fmt::{Display, Formatter, Write};

use anyhow::Context;
use serde::Deserialize;

use crate::table::{ratio, thousands, with_unit};

/// One figure of a file.
#[derive(Clone, Debug, Deserialize)]
pub struct Figure {
    structure: String,
    metric: String,
    organizations: usize,
    shape: String,
    sessions: usize,
    value: Option<f64>,
    unit: String,
}

/// The records of a file.
///
/// # Errors
/// The file is invalid.
pub fn read(json: &str) -> serde_json::Result<Vec<Figure>> {
    serde_json::from_str(json)
}

/// The rows of the headline table: a name, the metric, orgcache's structure.
const HEADLINE: [(&str, &str, &str); 4] = [
    ("memory of one tree", "bytes_per_session", "orgcache-unshared"),
    ("memory of a further session on it", "bytes_per_further_session", "orgcache-shared"),
    ("may a record of A refer to one of B?", "natural_tree_test", "orgcache-shared"),
    ("the legal entity of an organization", "legal_entity", "orgcache-shared"),
];

/// Openbravo's shared map since 2022, which its users run today.
const TODAY: &str = "openbravo-head";

/// orgcache compared with the map that users of Openbravo run today, on flat trees and on chains of 600: a
/// table in Markdown.
///
/// # Errors
/// A figure is missing.
pub fn headline(figures: &[Figure]) -> anyhow::Result<String> {
    let mut text = String::from(
        "| 600 organizations | orgcache, flat tree | Openbravo | orgcache, chain | Openbravo |\n\
         | --- | --: | --: | --: | --: |",
    );
    for (what, metric, ours) in HEADLINE {
        let _ = write!(text, "\n| {what} |");
        for shape in ["flat", "chain"] {
            let value = |structure: &str| {
                let figure = find(figures, metric, structure, shape, 600)
                    .with_context(|| format!("there is no `{metric}` of `{structure}` on a {shape} tree"))?;
                anyhow::Ok((figure.value, &*figure.unit))
            };
            let (own, unit) = value(ours)?;
            let own = own.with_context(|| format!("`{ours}` has no `{metric}`"))?;
            let (theirs, _) = value(TODAY)?;
            let theirs = theirs.map_or_else(
                || "did not finish".to_owned(),
                |theirs| format!("{} ({})", with_unit(theirs, unit), ratio(theirs / own)),
            );
            // Writing to a string cannot fail.
            let _ = write!(text, " **{}** | {theirs} |", with_unit(own, unit));
        }
    }
    text.push('\n');
    Ok(text)
}

/// A row of the benchmark page: a name, the metric, orgcache's structure.
const FIGURES: [(&str, &str, &str); 9] = [
    ("memory of one tree", "bytes_per_session", "orgcache-unshared"),
    ("memory of a further session on it", "bytes_per_further_session", "orgcache-shared"),
    ("natural-tree test by two id strings", "natural_tree_test", "orgcache-shared"),
    ("the same by index", "natural_tree_test_by_index", "orgcache-shared"),
    ("natural tree of an id, borrowed", "natural_tree", "orgcache-view"),
    ("natural tree of an id, as a set of one's own", "natural_tree", "orgcache-shared"),
    ("nearest legal entity", "legal_entity", "orgcache-shared"),
    ("build from shuffled rows", "build", "orgcache-shared"),
    ("a whole session of a million: token, user, role, access", "bytes_per_session", "orgcache"),
];

/// orgcache compared with the map that users of Openbravo run today and with the best alternative, over all
/// shapes of 600 organizations: a table in Markdown.
///
/// # Errors
/// A figure of orgcache is missing.
pub fn figures(figures: &[Figure]) -> anyhow::Result<String> {
    let mut text =
        String::from("| what | orgcache | Openbravo since 2022 | nearest other |\n| --- | --: | --: | --: |");
    for (what, metric, ours) in FIGURES {
        let range = |structure: &str| Range::over_shapes(figures, metric, structure);
        let own = range(ours).with_context(|| format!("there is no `{metric}` of `{ours}`"))?;
        let others = figures.iter().filter(|figure| figure.metric == metric && figure.organizations == 600);
        let others = others.map(|figure| figure.structure.as_str());
        let nearest = others
            .filter(|name| !name.starts_with("orgcache") && *name != TODAY)
            .filter_map(|name| Some((name, range(name)?)))
            .min_by(|(_, one), (_, other)| one.most.total_cmp(&other.most));
        let theirs =
            range(TODAY).filter(|_| ours != "orgcache").map_or("–".to_owned(), |range| range.to_string());
        let nearest = nearest
            .filter(|_| ours != "orgcache")
            .map_or("–".to_owned(), |(name, range)| format!("{range} (`{name}`)"));
        // Writing to a string cannot fail.
        let _ = write!(text, "\n| {what} | **{own}** | {theirs} | {nearest} |");
    }
    text.push('\n');
    Ok(text)
}

/// The minimum and maximum of a figure.
struct Range {
    least: f64,
    most: f64,
    unit: String,
}

impl Range {
    /// Over all shapes of 600 organizations, with the fewest measured sessions (for `orgcache`, whose figure
    /// is per whole session: with the most). `None` if a shape did not finish.
    fn over_shapes(figures: &[Figure], metric: &str, structure: &str) -> Option<Self> {
        let here = || {
            figures.iter().filter(|figure| {
                figure.metric == metric && figure.structure == structure && figure.organizations == 600
            })
        };
        let counts = here().map(|figure| figure.sessions);
        let sessions = if structure == "orgcache" { counts.max() } else { counts.min() }?;
        let mut range: Option<Self> = None;
        for figure in here().filter(|figure| figure.sessions == sessions) {
            let value = figure.value?;
            let range =
                range.get_or_insert_with(|| Self { least: value, most: value, unit: figure.unit.clone() });
            (range.least, range.most) = (range.least.min(value), range.most.max(value));
        }
        range
    }
}

impl Display for Range {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> core::fmt::Result {
        let [least, most] = [self.least, self.most].map(|value| with_unit(value, &self.unit));
        if least == most { formatter.write_str(&most) } else { write!(formatter, "{least} – {most}") }
    }
}

/// A figure on a tree of a size, with the fewest measured sessions.
fn find<'a>(
    figures: &'a [Figure],
    metric: &str,
    structure: &str,
    shape: &str,
    organizations: usize,
) -> Option<&'a Figure> {
    let here = figures.iter().filter(|figure| {
        figure.metric == metric
            && figure.structure == structure
            && figure.shape == shape
            && figure.organizations == organizations
    });
    here.min_by_key(|figure| figure.sessions)
}

/// A displayed budget. Time budgets are not enforced.
struct Budget {
    what: &'static str,
    structure: &'static str,
    metric: &'static str,
    organizations: usize,
    /// The maximum, in the unit of the metric.
    at_most: f64,
    /// The divisor of a figure.
    per: f64,
}

const BUDGETS: [Budget; 12] = [
    Budget::new("one tree with all that belongs to it", "orgcache-unshared", "bytes_per_session", 18_000.0),
    Budget::new("a further session on it", "orgcache-shared", "bytes_per_further_session", 256.0),
    Budget::new("natural-tree test by index", "orgcache-shared", "natural_tree_test_by_index", 0.7),
    Budget::new("natural-tree test by two id strings", "orgcache-shared", "natural_tree_test", 15.0),
    Budget::new("natural tree of an id, borrowed", "orgcache-view", "natural_tree", 15.0),
    Budget::new("natural tree as a set, by index", "orgcache-shared", "natural_tree_by_index", 200.0),
    Budget::new("nearest legal entity by index", "orgcache-shared", "legal_entity_by_index", 7.0),
    Budget::new("build from shuffled rows", "orgcache-shared", "build", 25_000.0),
    Budget::new("build from shuffled rows", "orgcache-shared", "build", 0.5e9).for_size(1_000_000, 1.0),
    Budget::new("bytes of an organization", "orgcache-unshared", "bytes_per_session", 42.0)
        .for_size(1_000_000, 1e6),
    Budget::new("a whole session", "orgcache", "bytes_per_session", 256.0),
    Budget::new("all sessions", "orgcache", "bytes_of_all_sessions", 256e6),
];

impl Budget {
    const fn new(what: &'static str, structure: &'static str, metric: &'static str, at_most: f64) -> Self {
        Budget { what, structure, metric, organizations: 600, at_most, per: 1.0 }
    }

    const fn for_size(self, organizations: usize, per: f64) -> Self {
        Budget { organizations, per, ..self }
    }
}

/// Measured values compared with their budgets, over all shapes: a table in Markdown.
///
/// # Errors
/// Never.
pub fn budgets(figures: &[Figure]) -> anyhow::Result<String> {
    let mut text = String::from(
        "| what | organizations | sessions | at most | measured, over all shapes | |\n| --- | --: | --: | --: | --: | --- |",
    );
    for budget in BUDGETS {
        let here = || {
            figures.iter().filter(|figure| {
                figure.metric == budget.metric
                    && figure.structure == budget.structure
                    && figure.organizations == budget.organizations
            })
        };
        // The number of sessions on one tree varies; the budget is for the largest.
        let counts = || here().map(|figure| figure.sessions);
        let sessions = if budget.structure == "orgcache" { counts().max() } else { counts().min() };
        let values: Vec<f64> = here()
            .filter(|figure| Some(figure.sessions) == sessions)
            .filter_map(|figure| figure.value)
            .map(|value| value / budget.per)
            .collect();
        let (Some(sessions), Some(unit)) = (sessions, here().map(|figure| figure.unit.as_str()).next())
        else {
            // A quick run has no large trees.
            continue;
        };
        let (least, most) = values
            .iter()
            .fold((f64::INFINITY, 0.0_f64), |(least, most), &value| (least.min(value), most.max(value)));
        let measured = Range { least, most, unit: unit.to_owned() };
        let verdict = if most <= budget.at_most { "met" } else { "**missed**" };
        let _ = write!(
            text,
            "\n| {} | {} | {} | {} | {measured} | {verdict} |",
            budget.what,
            thousands(budget.organizations),
            thousands(sessions),
            with_unit(budget.at_most, unit)
        );
    }
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(structure: &str, metric: &str, shape: &str, sessions: usize, value: Option<f64>) -> Figure {
        let [structure, metric, shape] = [structure, metric, shape].map(str::to_owned);
        let unit = if metric.starts_with("bytes") { "bytes" } else { "ns" }.to_owned();
        Figure { structure, metric, organizations: 600, shape, sessions, value, unit }
    }

    #[test]
    fn the_headline_has_a_line_for_each_metric_and_a_cell_for_each_shape() {
        let mut figures = Vec::new();
        for (_, metric, ours) in HEADLINE {
            for shape in ["flat", "chain"] {
                figures.push(figure(ours, metric, shape, 1, Some(10.0)));
                let finished = metric != "legal_entity" || shape != "chain";
                figures.push(figure(TODAY, metric, shape, 1, finished.then_some(1_250.0)));
            }
        }
        let text = headline(&figures).unwrap();
        let line = "| memory of one tree | **10 B** | 1.25 KB (×125) | **10 B** | 1.25 KB (×125) |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| did not finish |"), "{text}");
        assert_eq!(text.lines().count(), 2 + HEADLINE.len());
        let missing = headline(&figures[2..]).unwrap_err().to_string();
        assert!(missing.contains("`bytes_per_session` of `orgcache-unshared` on a flat tree"), "{missing}");
    }

    #[test]
    fn figures_show_the_range_and_the_best_alternative() {
        let mut all: Vec<_> = FIGURES
            .iter()
            .flat_map(|(_, metric, ours)| {
                ["flat", "chain"].map(|shape| figure(ours, metric, shape, 1, Some(8.0)))
            })
            .collect();
        all.push(figure("orgcache-shared", "legal_entity", "random", 1, Some(9.0)));
        for (structure, value) in
            [(TODAY, Some(90.0)), ("petgraph", Some(10.0)), ("slow", Some(11.0)), ("lost", None)]
        {
            all.push(figure(structure, "legal_entity", "flat", 1, value));
        }
        let text = figures(&all).unwrap();
        let line = "| nearest legal entity | **8.00 ns – 9.00 ns** | 90.0 ns | 10.0 ns (`petgraph`) |";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("| build from shuffled rows | **8.00 ns** | – | – |"), "{text}");
        assert!(figures(&all[2..]).is_err());
    }

    #[test]
    fn a_budget_is_met_by_all_shapes_or_missed() {
        let figures = |chain| {
            [
                figure("orgcache-unshared", "bytes_per_session", "flat", 1, Some(17_000.0)),
                figure("orgcache-unshared", "bytes_per_session", "chain", 1, Some(chain)),
            ]
        };
        let met = budgets(&figures(18_000.0)).unwrap();
        assert!(met.contains("| 600 | 1 | 18.0 KB | 17.0 KB – 18.0 KB | met |"), "{met}");
        assert!(budgets(&figures(18_001.0)).unwrap().contains("**missed**"));
    }

    #[test]
    fn records_round_trip() {
        let json = r#"[{"structure":"a","metric":"b","organizations":600,"shape":"flat","sessions":1,"value":null,"unit":"ns"}]"#;
        assert!(read(json).unwrap()[0].value.is_none());
    }
}
