//! Validates dates and times.

/// Is a text a day of the calendar (`2018-02-23`), possibly with a time after `T` or a blank (`15:04`,
/// `15:04:05`, `15:04:05.123`)? A time zone is refused: the columns store none, and a database would silently
/// drop it.
pub(super) fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    is_date(date) && time.is_none_or(is_time)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let (Some(year), Some(month), Some(day), None) =
        (number(parts.next(), 4), number(parts.next(), 2), number(parts.next(), 2), parts.next())
    else {
        return false;
    };
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    };
    year > 0 && (1..=days).contains(&day)
}

fn is_time(text: &str) -> bool {
    let mut parts = text.split(':');
    let (Some(hour), Some(minute)) = (number(parts.next(), 2), number(parts.next(), 2)) else { return false };
    let seconds_are_right = parts.next().is_none_or(|text| {
        let (whole, fraction) =
            text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
        number(Some(whole), 2).is_some_and(|second| second < 60)
            && fraction.is_none_or(|digits| {
                (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
            })
    });
    hour < 24 && minute < 60 && seconds_are_right && parts.next().is_none()
}

/// Parses a number of exactly the given number of digits.
fn number(text: Option<&str>, digits: usize) -> Option<u16> {
    text.filter(|text| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dates_and_times_are_accepted() {
        for text in [
            "2018-02-23",
            "2018-02-23T15:04",
            "2018-02-23 15:04:05",
            "2018-02-23T23:59:59.123456789",
            "2000-02-29",
            "2024-02-29",
            "0001-01-01",
            "9999-12-31",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "",
            "now",
            "2018",
            "2018-02",
            "2018-2-3",
            "18-02-23",
            "2018-02-30",
            "1900-02-29",
            "2018-04-31",
            "2018-13-01",
            "2018-00-01",
            "2018-01-00",
            "0000-01-01",
            "2018-02-23T",
            "2018-02-23T15",
            "2018-02-23T24:00",
            "2018-02-23T15:60",
            "2018-02-23T15:04:60",
            "2018-02-23T15:04:05.",
            "2018-02-23T15:04:05.1234567890",
            "2018-02-23T15:04:05Z",
            "2018-02-23T15:04:05+01:00",
            "2018-02-23T15:04:05:06",
            "2018-02-23-04",
            "+018-02-23",
            "２０18-02-23",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
