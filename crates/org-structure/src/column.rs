//! `Column`: an array of indices in the narrowest integers that fit.

use crate::invariant::narrow_rank;

/// Stands for "none" in a column of either width: no tree has an organization of this rank.
pub(crate) const NONE: u32 = u32::MAX;

/// The most organizations that 16 bits can number. (The largest value of either width stands for [`NONE`].)
pub(crate) const NARROW_MAX: usize = 65_535;

/// One integer per organization: 2 bytes each if every value fits, else 4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Narrow(Box<[u16]>),
    Wide(Box<[u32]>),
}

impl Default for Column {
    fn default() -> Self {
        Column::Narrow(Box::default())
    }
}

impl Column {
    /// Stores the values of a tree of `organizations`. Values are ranks, the number of organizations, or
    /// [`NONE`].
    pub(crate) fn new(organizations: usize, values: &[u32]) -> Self {
        if organizations > NARROW_MAX {
            return Column::Wide(values.into());
        }
        Column::Narrow(
            values.iter().map(|&value| if value == NONE { u16::MAX } else { narrow_rank(value) }).collect(),
        )
    }

    /// The value at a position, or `None` past the end.
    #[inline]
    pub(crate) fn get(&self, position: u32) -> Option<u32> {
        let position = position as usize;
        match self {
            Column::Narrow(values) => values.get(position).map(|&value| u32::from(value)),
            Column::Wide(values) => values.get(position).copied(),
        }
    }

    /// The value at a position as a rank, or `None` past the end or if none is stored.
    #[inline]
    pub(crate) fn rank(&self, position: u32) -> Option<u32> {
        let position = position as usize;
        match self {
            Column::Narrow(values) => {
                values.get(position).filter(|&&value| value != u16::MAX).map(|&value| u32::from(value))
            }
            Column::Wide(values) => values.get(position).copied().filter(|&value| value != NONE),
        }
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Column::Narrow(values) => size_of_val::<[u16]>(values),
            Column::Wide(values) => size_of_val::<[u32]>(values),
        }
    }
}
