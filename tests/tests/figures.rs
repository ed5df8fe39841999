//! The page compares with the published figures of Openbravo.

#[test]
fn the_page_has_the_documented_bytes_of_openbravo() {
    let page = include_str!("../../crates/gateway/src/page/baselines.js").replace('_', "");
    let documented = include_str!("../../docs/benchmarks-jvm.md").lines();
    let rows: Vec<Vec<&str>> = documented
        .map(|line| line.split('|').map(str::trim).collect())
        .filter(|row: &Vec<_>| row.len() == 8)
        .collect();
    for (column, structure) in [(3, "pre"), (4, "post"), (5, "head")] {
        for shape in ["flat", "fan5", "chain"] {
            let bytes = rows.iter().filter(|row| row[2] == shape).map(|row| {
                let bytes = row[column].trim_start_matches("28 / ").replace(',', "");
                assert!(bytes.parse::<u64>().is_ok(), "{row:?}");
                bytes
            });
            let expected = format!("{shape}: [{}]", bytes.collect::<Vec<_>>().join(", "));
            let line =
                page.lines().find(|line| line.trim_start().starts_with(&format!("{structure}: {{"))).unwrap();
            assert!(line.contains(&expected), "{structure}: {expected} is not in {line}");
        }
    }
}
