//! Settings from environment variables. Errors name the setting and show the beginning of its value.

use core::ops::RangeInclusive;
use core::time::Duration;
use std::borrow::Cow;

use crate::text::{NAME_BYTES, shorten};

/// Reads settings by name, from the environment or from another source of texts by name.
///
/// Trims white space around a value. An empty value counts as missing.
///
/// # Examples
/// ```
/// use platform::settings::SettingsReader;
///
/// let reader = SettingsReader::new(|name| (name == "POOL_SIZE").then(|| " 5 ".to_owned()));
/// assert_eq!(reader.number("POOL_SIZE", 1, 1..=100)?, 5);
/// assert_eq!(reader.flag("BATCHING", true)?, true);
/// assert_eq!(
///     reader.number("POOL_SIZE", 1, 10..=100).unwrap_err().to_string(),
///     "POOL_SIZE is `5`; it must be a number from 10 to 100",
/// );
/// # Ok::<(), platform::settings::SettingError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SettingsReader<F> {
    lookup: F,
}

/// A setting is missing or invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The setting is missing.
    #[error("{name} is not set; {reason}")]
    Missing {
        /// The setting.
        name: &'static str,
        /// Why the setting is needed.
        reason: &'static str,
    },
    /// The value of the setting does not have the expected form.
    #[error("{name} is `{value}`; {expected}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// The beginning of the value, or `…` if the value may contain a secret.
        value: String,
        /// The expected form.
        expected: Cow<'static, str>,
    },
}

impl SettingError {
    /// Reports a value that does not have the expected form.
    #[must_use]
    pub fn invalid(name: &'static str, value: &str, expected: impl Into<Cow<'static, str>>) -> Self {
        SettingError::Invalid { name, value: shorten(value, NAME_BYTES).into(), expected: expected.into() }
    }
}

/// Reads a variable of the process's environment.
#[must_use]
pub fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl<F: Fn(&str) -> Option<String>> SettingsReader<F> {
    /// A reader over `lookup`, which returns the text of a setting by name.
    pub fn new(lookup: F) -> Self {
        SettingsReader { lookup }
    }

    /// The text of a setting.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = (self.lookup)(name)?;
        let trimmed = text.trim();
        (!trimmed.is_empty()).then(|| trimmed.to_owned())
    }

    /// The text of a required setting.
    ///
    /// # Errors
    /// [`SettingError::Missing`] with the `reason`, which says why the setting is needed.
    pub fn required(&self, name: &'static str, reason: &'static str) -> Result<String, SettingError> {
        self.text(name).ok_or(SettingError::Missing { name, reason })
    }

    /// A number within a range.
    ///
    /// # Errors
    /// [`SettingError::Invalid`] if the value is not a number in the range.
    pub fn number(
        &self,
        name: &'static str,
        default: usize,
        range: RangeInclusive<usize>,
    ) -> Result<usize, SettingError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let expected = match (range.start(), range.end()) {
                (least, &usize::MAX) => format!("it must be a number, at least {least}"),
                (least, most) => format!("it must be a number from {least} to {most}"),
            };
            SettingError::invalid(name, &text, expected)
        })
    }

    /// A flag: `true`, `1`, `yes` or `on`; `false`, `0`, `no` or `off`. Case does not matter.
    ///
    /// # Errors
    /// [`SettingError::Invalid`] if the value is none of these.
    pub fn flag(&self, name: &'static str, default: bool) -> Result<bool, SettingError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok(true),
            "false" | "0" | "no" | "off" => Ok(false),
            _ => Err(SettingError::invalid(name, &text, "it must be true or false")),
        }
    }

    /// A duration in whole seconds.
    ///
    /// # Errors
    /// [`SettingError::Invalid`] if the value is not a whole number.
    pub fn seconds(&self, name: &'static str, default: Duration) -> Result<Duration, SettingError> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let seconds = text.parse().map(Duration::from_secs);
        seconds.map_err(|_| SettingError::invalid(name, &text, "it must be a number of seconds"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(value: &'static str) -> SettingsReader<impl Fn(&str) -> Option<String>> {
        SettingsReader::new(move |name| (name == "X").then(|| value.to_owned()))
    }

    #[test]
    fn missing_and_blank_settings_use_the_default() {
        for blank in ["", "  \t"] {
            assert_eq!(reader(blank).text("X"), None);
            assert_eq!(reader(blank).number("X", 7, 1..=9), Ok(7));
            assert_eq!(reader(blank).flag("X", true), Ok(true));
            assert_eq!(reader(blank).seconds("X", Duration::from_secs(3)), Ok(Duration::from_secs(3)));
            let missing = reader(blank).required("X", "it says where").unwrap_err();
            assert_eq!(missing.to_string(), "X is not set; it says where");
        }
        assert_eq!(reader("5").number("Y", 7, 1..=9), Ok(7));
    }

    #[test]
    fn valid_values_are_parsed() {
        assert_eq!(reader(" 9 ").number("X", 7, 1..=9), Ok(9));
        assert_eq!(reader("1").number("X", 7, 1..=9), Ok(1));
        assert_eq!(reader("0").seconds("X", Duration::MAX), Ok(Duration::ZERO));
        for (word, value) in [("TRUE", true), ("1", true), ("yes", true), ("on", true)] {
            assert_eq!(reader(word).flag("X", !value), Ok(value));
        }
        for word in ["false", "0", "No", "off"] {
            assert_eq!(reader(word).flag("X", true), Ok(false));
        }
    }

    #[test]
    fn errors_name_the_setting_and_the_beginning_of_its_value() {
        for value in ["0", "10", "-1", "many", "1.5"] {
            let message = reader(value).number("X", 7, 1..=9).unwrap_err().to_string();
            assert_eq!(message, format!("X is `{value}`; it must be a number from 1 to 9"));
        }
        let message = reader("0").number("X", 7, 1..=usize::MAX).unwrap_err().to_string();
        assert_eq!(message, "X is `0`; it must be a number, at least 1");
        assert!(reader("perhaps").flag("X", true).unwrap_err().to_string().contains("`perhaps`"));
        assert!(reader("1h").seconds("X", Duration::ZERO).unwrap_err().to_string().contains("`1h`"));
        let long = SettingError::invalid("X", &"x".repeat(1_000), "it must be short").to_string();
        assert!(long.len() < 120, "{long}");
    }
}
