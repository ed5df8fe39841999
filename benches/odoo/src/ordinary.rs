//! An ordinary user compared with the administrator: reads of default fields, some of which the user may not
//! read, by password and by API key, on Odoo 17 and 19.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::rounds::Measurement;
use crate::subject::{Call, Contender, Subject};
use crate::table::{Figure, Table};
use crate::world;

type Settings = &'static [(&'static str, &'static str)];

/// The administrator and the ordinary user, by password and by key.
const BY_PASSWORD: [Settings; 2] = [&[], &[("ODOO_USER", "ana")]];
const BY_KEY: [Settings; 2] =
    [&[("ODOO_API_KEY", "<key of admin>")], &[("ODOO_USER", "ana"), ("ODOO_API_KEY", "<key of ana>")]];

/// Another user's record, since users may read more fields of their own record.
const ROWS: [(&str, &str, &str); 5] = [
    ("hr.employee", "get_record, hr.employee", "search_records, hr.employee"),
    ("res.users", "get_record, res.users", "search_records, res.users"),
    ("res.partner", "get_record, res.partner", "search_records, res.partner"),
    ("sale.order", "get_record, sale.order", "search_records, sale.order"),
    ("project.task", "get_record, project.task", "search_records, project.task"),
];

pub(crate) const TITLES: [&str; 4] = [
    "default fields, Odoo 17, by password",
    "default fields, Odoo 17, by key",
    "default fields, Odoo 19, by password",
    "default fields, Odoo 19, by key",
];

/// A table per version and credential, with a column per server and user.
pub(crate) async fn measure(contenders: &[&Contender], calls: usize) -> anyhow::Result<Vec<Table>> {
    let mut tables = Vec::new();
    let servers = [(17, BY_PASSWORD), (17, BY_KEY), (19, BY_PASSWORD), (19, BY_KEY)];
    for (title, (version, users)) in TITLES.into_iter().zip(servers) {
        let mut columns = Vec::new();
        let mut subjects = Vec::new();
        let asked: Vec<Contender> = contenders
            .iter()
            .flat_map(|contender| users.map(|settings| contender.with_settings(settings)))
            .collect();
        for (contender, who) in asked.iter().zip(["administrator", "ordinary user"].into_iter().cycle()) {
            let double = world::start(Duration::ZERO, version).await?;
            double.put_guarded_models();
            columns.push(format!("{}, {who}", contender.name()));
            // Not every server supports every credential on every version.
            subjects.push(contender.start_before(double).await.ok());
        }
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut table = Table::new(title, None, &columns);
        for (model, get, search) in ROWS {
            let record = json!({"model": model, "record_id": 6});
            table.add(get, warm(&subjects, &Call::new("get_record", record), calls).await);
            table.add(
                search,
                warm(&subjects, &Call::new("search_records", json!({"model": model})), calls).await,
            );
        }
        for subject in subjects.into_iter().flatten() {
            subject.end().await?;
        }
        tables.push(table);
    }
    Ok(tables)
}

/// The time of a repeated call, by each subject in turn.
async fn warm(subjects: &[Option<Subject<'_>>], call: &Call, times: usize) -> Vec<Figure> {
    let mut taken: Vec<Option<Measurement>> = Vec::new();
    for subject in subjects {
        let answered = match subject {
            Some(subject) => subject.ask(call).await.is_ok(),
            None => false,
        };
        taken.push(answered.then(Measurement::default));
    }
    for _ in 0..times {
        for (subject, taken) in subjects.iter().zip(&mut taken) {
            let (Some(subject), Some(figures)) = (subject, taken.as_mut()) else { continue };
            let (before, began) = (subject.requests(), Instant::now());
            match subject.ask(call).await {
                Ok(_) => figures.add(began.elapsed(), subject.requests() - before),
                Err(_) => *taken = None,
            }
        }
    }
    taken.into_iter().map(|taken| taken.map_or_else(Figure::failed, Measurement::figure)).collect()
}
