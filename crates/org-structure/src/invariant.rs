//! Access to elements that an invariant guarantees. A broken invariant stops the program; it gives no answer.

use core::ops::Range;

/// The most ranks that a tree can have fit into 32 bits: [`MAX_ORGANIZATIONS`](crate::MAX_ORGANIZATIONS).
#[expect(
    clippy::expect_used,
    reason = "trees and what they are made of are bounded when they are built or decoded"
)]
#[inline]
pub(crate) fn narrow(count: usize) -> u32 {
    u32::try_from(count).expect("a count of at most 32 bits")
}

/// A rank of a tree of at most 65,535 organizations.
#[expect(clippy::expect_used, reason = "narrow columns are only made for trees that fit")]
#[inline]
pub(crate) fn narrow_rank(rank: u32) -> u16 {
    u16::try_from(rank).expect("a rank of at most 16 bits")
}

/// The element at a place that is known to exist.
#[expect(clippy::indexing_slicing, reason = "the caller's invariant says that the place is there")]
#[inline]
pub(crate) fn at<T: Copy>(values: &[T], place: u32) -> T {
    values[place as usize]
}

/// The element at a place that is known to exist, mutably.
#[expect(clippy::indexing_slicing, reason = "the caller's invariant says that the place is there")]
#[inline]
pub(crate) fn at_mut<T>(values: &mut [T], place: u32) -> &mut T {
    &mut values[place as usize]
}

/// A range that is known to exist.
#[expect(clippy::indexing_slicing, reason = "the caller's invariant says that the range is there")]
#[inline]
pub(crate) fn range<T>(values: &[T], range: Range<u32>) -> &[T] {
    &values[range.start as usize..range.end as usize]
}
