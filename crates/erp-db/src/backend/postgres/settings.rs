//! The settings of a PostgreSQL URL, such as `options=-c search_path=erp`.
//!
//! The driver would send them as a start-up parameter, which pooling proxies refuse. So they are removed from
//! the URL, and each transaction sets them itself.

use super::literal::fill_values;
use crate::backend::Value;

/// A URL without its settings, and the statements that set them for one transaction. `options` is the
/// parameter as parsed by the driver.
pub(super) fn take(url: &str, options: Option<&str>) -> Result<(String, String), String> {
    let mut preface = String::new();
    for (name, value) in read(options.unwrap_or_default())? {
        // A statement without rows. Unlike SET it accepts a list of names, like the start-up parameter.
        preface.push_str(&fill_values(
            "SELECT FROM (SELECT pg_catalog.set_config($1, $2, true) AS value) s WHERE value IS NULL;",
            &[Value::Text(&name), Value::Text(&value)],
        ));
    }
    Ok((without_options(url), preface))
}

fn without_options(url: &str) -> String {
    let Some((rest, query)) = url.split_once('?') else { return url.to_owned() };
    let is_setting = |pair: &&str| {
        let name = pair.split_once('=').map_or(*pair, |(name, _)| name).to_ascii_lowercase();
        name == "options" || name.starts_with("options[") || name.starts_with("options%5b")
    };
    let others: Vec<&str> = query.split('&').filter(|pair| !is_setting(pair)).collect();
    if others.is_empty() { rest.to_owned() } else { format!("{rest}?{}", others.join("&")) }
}

/// Parses names and values like the server: `-c name=value` or `--name=value`, with `\\` before a blank
/// within one.
fn read(options: &str) -> Result<Vec<(String, String)>, String> {
    let mut settings = Vec::new();
    let mut words = words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match (word.as_str(), word.strip_prefix("--"), word.strip_prefix("-c")) {
            ("-c", ..) => words.next(),
            (_, Some(setting), _) | (.., Some(setting)) => Some(setting.to_owned()),
            _ => None,
        };
        let pair = setting.as_deref().and_then(|setting| setting.split_once('='));
        let (name, value) =
            pair.ok_or_else(|| format!("`options` contains `{word}`, which is not a setting"))?;
        settings.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn words(options: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => word.get_or_insert_default().extend(characters.next()),
            blank if blank.is_ascii_whitespace() => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_parsed_like_the_servers() {
        let settings = |options| {
            read(options)
                .map(|pairs| pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
        };
        assert_eq!(settings("").unwrap(), Vec::<String>::new());
        assert_eq!(
            settings("-c search_path=erp,public --lock-timeout=5s  -cwork_mem=1MB").unwrap(),
            ["search_path=erp,public", "lock_timeout=5s", "work_mem=1MB"]
        );
        assert_eq!(settings(r"-c search_path=a,\ b\\c").unwrap(), [r"search_path=a, b\c"]);
        for wrong in ["-c", "-c search_path", "erp", "-S 5"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_rest_of_a_url_stays() {
        for (url, rest) in [
            ("postgres://h/d", "postgres://h/d"),
            ("postgres://h/d?options=-c%20a%3Db", "postgres://h/d"),
            ("postgres://h/d?sslmode=require&options[a]=b&user=u", "postgres://h/d?sslmode=require&user=u"),
            ("postgres://h/d?options%5Ba%5D=b&x=options", "postgres://h/d?x=options"),
        ] {
            assert_eq!(without_options(url), rest);
        }
    }
}
