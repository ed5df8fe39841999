//! `QueryParameters`: extracts the parameters of a query string, with errors that name the wrong one.

use std::borrow::Cow;
use std::iter;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use session_axum::Problem;

use crate::http::wire::json_body::Id;
use crate::http::wire::problem::{shortened, unprocessable};

/// The parameters of a query string. The handler takes each by its name, and none may remain.
#[derive(Debug)]
pub(crate) struct QueryParameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for QueryParameters {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let owned = |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        pairs(parts.uri.query()).map(|pair| pair.map(owned)).collect::<Result<_, _>>().map(QueryParameters)
    }
}

impl QueryParameters {
    /// Removes and returns a value.
    pub(crate) fn take(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let mut values = self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value);
        let first = values.next();
        match values.next() {
            Some(_) => Err(unprocessable("it is given more than once").with_field(name)),
            None => Ok(first),
        }
    }

    /// Removes and returns an id.
    pub(crate) fn id<T: Id>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let id = self.take(name)?.map(|text| T::parse(&text)).transpose();
        id.map_err(|error| unprocessable(error).with_field(name))
    }

    /// Removes and returns the page size, from 1 to `most`.
    pub(crate) fn limit(&mut self, usual: usize, most: usize) -> Result<usize, Problem> {
        let Some(limit) = self.take("limit")? else { return Ok(usual) };
        let number = limit.parse().ok().filter(|limit| (1..=most).contains(limit));
        number.ok_or_else(|| unprocessable(format!("it is a number from 1 to {most}")).with_field("limit"))
    }

    /// Fails if a parameter remains.
    pub(crate) fn done(self) -> Result<(), Problem> {
        match self.0.first() {
            Some((name, _)) => Err(unprocessable("there is no such parameter").with_field(shortened(name))),
            None => Ok(()),
        }
    }
}

/// Parses the names and values of a query string (`application/x-www-form-urlencoded`). Refuses bytes that
/// are not UTF-8, because replacement characters would change an id.
pub(crate) fn pairs(
    query: Option<&str>,
) -> impl Iterator<Item = Result<(Cow<'_, str>, Cow<'_, str>), Problem>> {
    let query = query.unwrap_or_default();
    // No early exit, so that the compiler vectorizes the loop.
    let is_plain = !query.bytes().fold(false, |found, byte| found | (byte == b'%') | (byte == b'+'));
    let mut rest = query;
    let next = iter::from_fn(move || {
        let (pair, behind) = split(Some(rest).filter(|rest| !rest.is_empty())?, b'&');
        rest = behind;
        Some(pair)
    });
    next.filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = split(pair, b'=');
        if is_plain {
            return Ok((name.into(), value.into()));
        }
        Ok((decode(name, name)?.into(), decode(name, value)?.into()))
    })
}

/// Splits a text at an ASCII character.
fn split(text: &str, at: u8) -> (&str, &str) {
    let place = memchr::memchr(at, text.as_bytes()).unwrap_or(text.len());
    (text.get(..place).unwrap_or_default(), text.get(place + 1..).unwrap_or_default())
}

/// Decodes a name or a value.
fn decode(name: &str, text: &str) -> Result<String, Problem> {
    let text = percent_decode_str(&text.replace('+', " ")).decode_utf8().map(Cow::into_owned);
    text.map_err(|_| unprocessable("its bytes are not UTF-8").with_field(shortened(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(query: &str) -> Result<Vec<(String, String)>, String> {
        let owned = |(name, value): (Cow<'_, str>, Cow<'_, str>)| (name.into_owned(), value.into_owned());
        pairs(Some(query)).map(|pair| pair.map(owned).map_err(|problem| problem.to_json())).collect()
    }

    #[test]
    fn pairs_are_decoded_as_forms_encode_them() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            all("a=1&b=x%20y+z&&c&d=%C3%B1=%2B").unwrap(),
            [pair("a", "1"), pair("b", "x y z"), pair("c", ""), pair("d", "\u{f1}=+"),]
        );
        assert_eq!(all("").unwrap(), []);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_refused() {
        for (query, field) in [("a=1&org=%FF", "org"), ("%FF+=1", "%FF+"), ("org=+%C3", "org")] {
            let problem = all(query).unwrap_err();
            assert!(problem.contains("not UTF-8") && problem.contains(field), "{query}: {problem}");
        }
    }
}
