//! Records as pictures (SVG), legible on light and dark backgrounds.

use std::fmt::Write;

use crate::metric::Metric;
use crate::record::{Record, float};
use crate::session_bytes::BYTES_PER_FURTHER_SESSION;
use crate::table::{thousands, with_unit};
use crate::trees::Shape;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 460.0;
/// The plot area: left, top, right, bottom.
const FRAME: (f64, f64, f64, f64) = (90.0, 46.0, 640.0, 410.0);

/// Colours that are visible on white and on black, and distinguishable with red-green colour blindness.
const COLOURS: [&str; 8] =
    ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#b58900", "#7f7f7f", "#8c6bb1"];

const STYLE: &str = "<style>text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:15px}\
    .axis{stroke:#8c959f;stroke-opacity:.35}.end{text-anchor:end}.middle{text-anchor:middle}\
    @media (prefers-color-scheme:dark){text{fill:#e6edf3}}</style>";

/// All pictures of the records, by file name.
#[must_use]
pub fn pictures(records: &[Record]) -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for shape in Shape::ALL {
        // The mean of several sessions says less: for shared trees, it depends on their number.
        let bytes =
            |record: &&Record| record.metric == BYTES_PER_FURTHER_SESSION && record.shape == shape.name();
        let series = series(records.iter().filter(bytes), |record| record.organizations);
        let title = format!("Bytes per further session, {shape}");
        pictures.extend(
            picture(&title, "bytes", &series, &thousands).map(|svg| (format!("bytes-{shape}.svg"), svg)),
        );
    }
    for metric in Metric::ALL {
        let sizes =
            records.iter().filter(|record| record.metric == metric.name()).map(|record| record.organizations);
        let Some(size) = sizes.clone().find(|&size| size == 600).or(sizes.clone().min()) else { continue };
        let here = |record: &&Record| record.metric == metric.name() && record.organizations == size;
        let place = |record: &Record| {
            Shape::ALL.iter().position(|shape| shape.name() == record.shape).map_or(0, |place| place + 1)
        };
        let series = series(records.iter().filter(here), place);
        let title =
            format!("Time per call: {}, {} organizations", metric.name().replace('_', " "), thousands(size));
        let name = |place: usize| {
            let shape = place.checked_sub(1).and_then(|place| Shape::ALL.get(place));
            shape.map(|shape| shape.name().to_owned()).unwrap_or_default()
        };
        let file = format!("time-{}.svg", metric.name().replace('_', "-"));
        pictures.extend(picture(&title, "ns", &series, &name).map(|svg| (file, svg)));
    }
    pictures
}

/// The points of one structure.
struct Series<'a> {
    name: &'a str,
    points: Vec<(usize, f64)>,
}

fn series<'a>(records: impl Iterator<Item = &'a Record>, x: impl Fn(&Record) -> usize) -> Vec<Series<'a>> {
    let mut all: Vec<Series<'a>> = Vec::new();
    for record in records {
        let Ok(value) = record.value.0 else { continue };
        let point = (x(record), value.max(1.0));
        match all.iter_mut().find(|series| series.name == record.structure) {
            Some(series) => series.points.push(point),
            None => all.push(Series { name: record.structure, points: vec![point] }),
        }
    }
    for series in &mut all {
        series.points.sort_by_key(|&(x, _)| x);
    }
    all
}

/// One picture with a logarithmic vertical axis. The horizontal axis is logarithmic if it counts
/// organizations.
fn picture(title: &str, unit: &str, all: &[Series<'_>], name: &dyn Fn(usize) -> String) -> Option<String> {
    let (left, top, right, bottom) = FRAME;
    let values = || all.iter().flat_map(|series| series.points.iter().map(|&(_, value)| value));
    let low = values().fold(f64::INFINITY, f64::min).log10().floor();
    let high = values().fold(0.0, f64::max).log10().ceil().max(low + 1.0);
    let mut ticks: Vec<usize> = all.iter().flat_map(|series| series.points.iter().map(|&(x, _)| x)).collect();
    ticks.sort_unstable();
    ticks.dedup();
    let (first, last) = (*ticks.first()?, *ticks.last()?);
    let scale = |x: usize| {
        let x = float(x as u64);
        if unit == "bytes" { x.log10() } else { x }
    };
    let across = |x: usize| match scale(last) - scale(first) {
        0.0 => (left + right) / 2.0,
        span => left + 24.0 + (scale(x) - scale(first)) / span * (right - left - 48.0),
    };
    let up = |value: f64| bottom - (value.log10() - low) / (high - low) * (bottom - top);

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{title}</title>\n\
         {STYLE}\n<text class=\"title\" x=\"{left}\" y=\"26\">{title}</text>\n"
    );
    let mut level = low;
    while level <= high {
        let y = up(10_f64.powf(level));
        let label = with_unit(10_f64.powf(level), unit).replace(".00", "").replace(".0", "");
        // Writing to a string cannot fail.
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{label}</text>",
            left - 8.0,
            y + 4.0
        );
        level += 1.0;
    }
    for &x in &ticks {
        let _ = writeln!(
            svg,
            "<text class=\"middle\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            across(x),
            bottom + 22.0,
            name(x)
        );
    }
    let mut labels: Vec<(f64, &str, &str, bool)> = Vec::new();
    for (series, number) in all.iter().zip(0_usize..) {
        let Some(colour) = COLOURS.get(number % COLOURS.len()) else { continue };
        // If the colours repeat, lines are dashed.
        let dashed = number >= COLOURS.len();
        let dash = if dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        let width = if series.name.starts_with("orgcache") { 4 } else { 2 };
        let points: Vec<(f64, f64)> =
            series.points.iter().map(|&(x, value)| (across(x), up(value))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let _ = writeln!(
            svg,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash} points=\"{}\"/>",
            path.join(" ")
        );
        for (x, y) in &points {
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>");
        }
        if let Some(&(_, y)) = points.last() {
            labels.push((y, series.name, colour, dashed));
        }
    }
    // Labels beside the plot, in the order of the line ends, with a minimum distance.
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let gap = 18.0;
    let mut y = top;
    for (number, (end, name, colour, dashed)) in labels.iter().enumerate() {
        let below = float((labels.len() - number - 1) as u64) * gap;
        y = end.max(y).min(bottom - below).max(if number == 0 { top } else { y });
        let dash = if *dashed { " stroke-dasharray=\"6 4\"" } else { "" };
        let _ = writeln!(
            svg,
            "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\" stroke-width=\"3\"{dash}/>\
             <text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            right + 14.0,
            right + 38.0,
            right + 44.0,
            y + 4.0
        );
        y += gap;
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(structure: &'static str, organizations: usize, value: f64) -> Record {
        let metric = BYTES_PER_FURTHER_SESSION;
        Record {
            structure,
            metric,
            organizations,
            shape: "flat",
            sessions: 5,
            value: Ok(value).into(),
            unit: "bytes",
        }
    }

    #[test]
    fn a_picture_has_a_line_and_a_name_for_each_structure() {
        let records =
            [record("one", 600, 17_000.0), record("one", 6_000, 170_000.0), record("two", 600, 8.0)];
        let pictures = pictures(&records);
        let [(name, svg)] = pictures.as_slice() else { panic!("{} pictures", pictures.len()) };
        assert_eq!(name, "bytes-flat.svg");
        assert_eq!((svg.matches("<polyline").count(), svg.matches("<circle").count()), (2, 3));
        assert!(svg.contains(">one</text>") && svg.contains(">two</text>") && svg.contains(">6,000</text>"));
        assert!(svg.contains("prefers-color-scheme:dark") && !svg.contains("NaN") && !svg.contains("inf"));
    }
}
