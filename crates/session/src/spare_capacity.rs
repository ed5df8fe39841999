//! When tables and lists return memory.

/// Whether a table or list should shrink: it is empty, or its capacity is more than four times what it needs.
pub(crate) fn is_too_large(capacity: usize, len: usize) -> bool {
    len == 0 || capacity / 4 > len.max(4)
}

#[cfg(test)]
mod tests {
    use super::is_too_large;

    #[test]
    fn a_table_is_too_large_if_it_is_empty_or_mostly_empty() {
        for (capacity, len, is_large) in [
            (3, 0, true),
            (3, 1, false),
            (14, 1, false),
            (16, 1, false),
            (20, 1, true),
            (28, 6, true),
            (28, 7, false),
            (28, 28, false),
        ] {
            assert_eq!(is_too_large(capacity, len), is_large, "{len} of {capacity}");
        }
    }
}
