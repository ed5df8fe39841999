//! The calls that are timed.

/// A timed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Is one organization in the natural tree of another, by the structure's own numbers?
    NaturalTreeTestByIndex,
    /// As above, by two id strings.
    NaturalTreeTest,
    /// A natural tree as a set.
    NaturalTree,
    /// As above, by the structure's own number.
    NaturalTreeByIndex,
    /// All descendants of an organization.
    Descendants,
    /// The ancestors of an organization, in order.
    Ancestors,
    /// The nearest legal entity.
    LegalEntity,
    /// As above, by the structure's own number.
    LegalEntityByIndex,
    /// Which of 600 ids allow transactions.
    TransactionAllowed,
    /// Building the tree from shuffled rows.
    Build,
    /// Encoding the canonical bytes.
    Encode,
    /// Decoding them.
    Decode,
}

impl Metric {
    /// All of them.
    pub const ALL: [Metric; 12] = [
        Metric::NaturalTreeTestByIndex,
        Metric::NaturalTreeTest,
        Metric::NaturalTree,
        Metric::NaturalTreeByIndex,
        Metric::Descendants,
        Metric::Ancestors,
        Metric::LegalEntity,
        Metric::LegalEntityByIndex,
        Metric::TransactionAllowed,
        Metric::Build,
        Metric::Encode,
        Metric::Decode,
    ];

    /// The name in tables and records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Metric::NaturalTreeTestByIndex => "natural_tree_test_by_index",
            Metric::NaturalTreeTest => "natural_tree_test",
            Metric::NaturalTree => "natural_tree",
            Metric::NaturalTreeByIndex => "natural_tree_by_index",
            Metric::Descendants => "descendants",
            Metric::Ancestors => "ancestors",
            Metric::LegalEntity => "legal_entity",
            Metric::LegalEntityByIndex => "legal_entity_by_index",
            Metric::TransactionAllowed => "transaction_allowed",
            Metric::Build => "build",
            Metric::Encode => "encode",
            Metric::Decode => "decode",
        }
    }
}
