//! `currentSchema`: the JDBC URL parameter with which an ERP's own configuration names its schemas.

use percent_encoding::percent_decode_str;

/// A URL without its `currentSchema`, and the statement that sets it for a transaction, which is empty if
/// there is none.
///
/// It cannot be a start-up parameter, which connection poolers refuse, nor a session setting, since poolers
/// share sessions.
pub(super) fn take_search_path(url: &str) -> Result<(String, String), &'static str> {
    let Some((base, parameters)) = url.split_once('?') else { return Ok((url.to_owned(), String::new())) };
    let (mut others, mut statement) = (Vec::new(), String::new());
    for parameter in parameters.split('&') {
        match parameter.split_once('=') {
            Some(("currentSchema", value)) => {
                let value = value.replace('+', " ");
                let value = percent_decode_str(&value)
                    .decode_utf8()
                    .map_err(|_| "`currentSchema` is not percent-encoded UTF-8")?;
                statement = format!("SET LOCAL search_path = {};", schemas(&value)?.join(", "));
            }
            _ => others.push(parameter),
        }
    }
    let url = if others.is_empty() { base.to_owned() } else { format!("{base}?{}", others.join("&")) };
    Ok((url, statement))
}

/// The schemas of a comma-separated list as quoted identifiers. As in SQL, an unquoted name is folded to
/// lower case.
fn schemas(list: &str) -> Result<Vec<String>, &'static str> {
    const WRONG: &str = "`currentSchema` is not a list of schemas, separated by commas";
    let (mut names, mut rest) = (Vec::new(), list.trim());
    loop {
        let name;
        if let Some(quoted) = rest.strip_prefix('"') {
            let mut end = None;
            let mut marks = quoted.char_indices().filter(|(_, c)| *c == '"').map(|(at, _)| at).peekable();
            while let Some(at) = marks.next() {
                // A doubled quotation mark stands for one.
                if marks.next_if_eq(&(at + 1)).is_none() {
                    end = Some(at);
                    break;
                }
            }
            let (inside, after) = end.and_then(|end| quoted.split_at_checked(end)).ok_or(WRONG)?;
            name = inside.to_owned();
            rest = after.strip_prefix('"').unwrap_or(after).trim_start();
        } else {
            let (plain, after) = rest.split_at_checked(rest.find(',').unwrap_or(rest.len())).ok_or(WRONG)?;
            name = plain.trim().to_ascii_lowercase();
            rest = after;
            if name.contains('"') {
                return Err(WRONG);
            }
        }
        if name.is_empty() || name.contains('\0') {
            return Err(WRONG);
        }
        // Within quotes, marks are already doubled.
        names.push(format!("\"{name}\""));
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start(),
            None if rest.is_empty() => return Ok(names),
            None => return Err(WRONG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_are_quoted_and_taken_out_of_the_url() {
        let path = |url: &str| take_search_path(url).unwrap();
        let plain = "postgres://u@h/db?sslmode=disable";
        assert_eq!(path(plain), (plain.to_owned(), String::new()));
        for (value, expected) in [
            ("openbravo", r#""openbravo""#),
            ("OpenBravo,public", r#""openbravo", "public""#),
            ("%22My%20ERP%22%2C+public", r#""My ERP", "public""#),
            (r#""a,b""c",d"#, r#""a,b""c", "d""#),
            ("x;DROP TABLE y", r#""x;drop table y""#),
        ] {
            let set = format!("SET LOCAL search_path = {expected};");
            assert_eq!(
                path(&format!("postgres://h/db?currentSchema={value}")),
                ("postgres://h/db".into(), set.clone())
            );
            let among = format!("{plain}&currentSchema={value}&user=x");
            assert_eq!(path(&among), (format!("{plain}&user=x"), set));
        }
        for wrong in ["", ",", "a,", ",a", "%22", "%22%22", "%22a%22b", "a%22b", "a%00", "%ff", "%22a"] {
            assert!(take_search_path(&format!("postgres://h/db?currentSchema={wrong}")).is_err(), "{wrong}");
        }
    }
}
