//! Tables for documents, out of the records that several programs wrote.

use core::fmt::Write;

use anyhow::Context;
use serde::Deserialize;

use crate::table::{ratio, thousands, with_unit};

/// One figure, read back.
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

/// The records of one file.
///
/// # Errors
/// Where it holds something else.
pub fn read(json: &str) -> serde_json::Result<Vec<Figure>> {
    serde_json::from_str(json)
}

/// Openbravo's structures in the order of time, and what the table calls them.
const OPENBRAVO: [(&str, &str); 3] =
    [("openbravo-pre", "until 2017"), ("openbravo-post", "from 2018"), ("openbravo-head", "since 2022")];

/// What the table at the top shows: a name, the metric, orgcache's structure, the unit that is named by its metric.
const HEADLINE: [(&str, &str, &str); 7] = [
    ("one session's tree", "bytes_per_session", "orgcache-unshared"),
    ("a further session on it", "bytes_per_further_session", "orgcache-shared"),
    ("may a record of A refer to one of B?", "natural_tree_test", "orgcache-shared"),
    ("the natural tree as a set", "natural_tree", "orgcache-shared"),
    ("the legal entity", "legal_entity", "orgcache-shared"),
    ("reading the tree from its rows", "build", "orgcache-shared"),
    ("whole sessions; of Openbravo, the tree alone", "bytes_of_all_sessions", "orgcache"),
];

/// orgcache beside Openbravo's structures, on flat trees and on chains of 600: a table in Markdown.
///
/// # Errors
/// Where a figure is missing.
pub fn headline(figures: &[Figure]) -> anyhow::Result<String> {
    let mut text = String::from("| 600 organizations | | orgcache |");
    for (_, name) in OPENBRAVO {
        // Writing to a text cannot fail.
        let _ = write!(text, " Openbravo {name} |");
    }
    text.push_str("\n| --- | --- | --: |");
    text.push_str(&" --: |".repeat(OPENBRAVO.len()));
    for (what, metric, ours) in HEADLINE {
        for shape in ["flat", "chain"] {
            let of = |structure: &str| find(figures, metric, structure, shape, 600);
            // What takes long is measured on one shape.
            let Some(own) = of(ours) else {
                anyhow::ensure!(shape != "flat", "there is no `{metric}` of `{ours}`");
                continue;
            };
            let sessions = if own.sessions > 1 && metric == "bytes_of_all_sessions" {
                format!(" ({})", thousands(own.sessions))
            } else {
                String::new()
            };
            let own_value = own.value.with_context(|| format!("`{ours}` has no `{metric}`"))?;
            let _ =
                write!(text, "\n| {what}{sessions} | {shape} | **{}** |", with_unit(own_value, &own.unit));
            for (structure, _) in OPENBRAVO {
                let cell = of(structure).map_or_else(
                    || "–".to_owned(),
                    |theirs| match theirs.value {
                        Some(value) => {
                            format!("{} ({})", with_unit(value, &theirs.unit), ratio(value / own_value))
                        }
                        None => "did not finish".to_owned(),
                    },
                );
                let _ = write!(text, " {cell} |");
            }
        }
    }
    text.push('\n');
    Ok(text)
}

/// A figure on a tree of that size; of those with several numbers of sessions that of the one session, or of the most
/// sessions where it is about all of them.
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
    if metric == "bytes_of_all_sessions" {
        here.max_by_key(|figure| figure.sessions)
    } else {
        here.min_by_key(|figure| figure.sessions)
    }
}

/// One budget that is shown, and not enforced, where it is a time.
struct Budget {
    what: &'static str,
    structure: &'static str,
    metric: &'static str,
    organizations: usize,
    /// In the unit of the metric.
    at_most: f64,
    /// What a figure is divided by.
    per: f64,
}

const BUDGETS: [Budget; 11] = [
    Budget::new("one tree with all that belongs to it", "orgcache-unshared", "bytes_per_session", 18_000.0),
    Budget::new("a further session on it", "orgcache-shared", "bytes_per_further_session", 256.0),
    Budget::new("natural-tree test by index", "orgcache-shared", "natural_tree_test_by_index", 1.5),
    Budget::new("natural-tree test by two id strings", "orgcache-shared", "natural_tree_test", 40.0),
    Budget::new("natural tree as a set, by index", "orgcache-shared", "natural_tree_by_index", 200.0),
    Budget::new("nearest legal entity by index", "orgcache-shared", "legal_entity_by_index", 20.0),
    Budget::new("build from shuffled rows", "orgcache-shared", "build", 60_000.0),
    Budget::new("build from shuffled rows", "orgcache-shared", "build", 1e9).of(1_000_000, 1.0),
    Budget::new("bytes of an organization", "orgcache-unshared", "bytes_per_session", 42.0)
        .of(1_000_000, 1e6),
    Budget::new("a whole session", "orgcache", "bytes_per_session", 256.0),
    Budget::new("all sessions", "orgcache", "bytes_of_all_sessions", 256e6),
];

impl Budget {
    const fn new(what: &'static str, structure: &'static str, metric: &'static str, at_most: f64) -> Self {
        Budget { what, structure, metric, organizations: 600, at_most, per: 1.0 }
    }

    const fn of(self, organizations: usize, per: f64) -> Self {
        Budget { organizations, per, ..self }
    }
}

/// What was measured beside what it should be at most, over all shapes: a table in Markdown.
///
/// # Errors
/// None that can happen.
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
        // Sessions of one tree are told apart by their number, and the most are the budget's.
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
        let measured = match [least, most].map(|value| with_unit(value, unit)) {
            [least, most] if least == most => most,
            [least, most] => format!("{least} – {most}"),
        };
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
    fn the_headline_has_a_line_for_each_call_and_shape() {
        let mut figures = Vec::new();
        for (_, metric, ours) in HEADLINE {
            figures.push(figure(ours, metric, "flat", 1, Some(10.0)));
            figures.push(figure("openbravo-pre", metric, "flat", 1, Some(1_250.0)));
        }
        assert!(headline(&figures[2..]).unwrap_err().to_string().contains("bytes_per_session"));
        figures.push(figure("orgcache-unshared", "bytes_per_session", "chain", 1, Some(100.0)));
        figures.push(figure("openbravo-pre", "bytes_per_session", "chain", 1, None));
        figures.push(figure("orgcache", "bytes_of_all_sessions", "flat", 1_000, Some(5_000.0)));
        let text = headline(&figures).unwrap();
        let line = "| one session's tree | flat | **10 B** | 1.25 KB (×125) | – | – |";
        assert!(text.contains(line), "{text}");
        assert!(
            text.contains("| one session's tree | chain | **100 B** | did not finish | – | – |"),
            "{text}"
        );
        assert!(
            text.contains("| whole sessions; of Openbravo, the tree alone (1,000) | flat | **5.00 KB** |"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2 + HEADLINE.len() + 1);
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
    fn records_are_read_as_they_are_written() {
        let json = r#"[{"structure":"a","metric":"b","organizations":600,"shape":"flat","sessions":1,"value":null,"unit":"ns"}]"#;
        assert!(read(json).unwrap()[0].value.is_none());
    }
}
