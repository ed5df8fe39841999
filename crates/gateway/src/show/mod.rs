//! What a person sees at the terminal.

mod memory;
mod organization;
mod tree;

pub(crate) use memory::memory;
pub(crate) use organization::organization;
pub(crate) use tree::{ClientTree, DamagedTree, damage, tree};

/// A number with its thousands set apart.
fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (14_304_684, "14,304,684")] {
            assert_eq!(thousands(number), text);
        }
    }
}
