//! The tree alone in a backend: which price list does a shop use, and which legal entity owns it?
//!
//! ```console
//! $ cargo run --example price_lists
//! ```

use org_structure::{BuildError, OrgFlags, OrgRow, OrgStructure};

fn main() -> Result<(), BuildError> {
    // From a database these would be the rows of one query, in any order.
    let company =
        OrgFlags::READY | OrgFlags::ACTIVE | OrgFlags::LEGAL_ENTITY | OrgFlags::TRANSACTIONS_ALLOWED;
    let shop = OrgFlags::READY | OrgFlags::ACTIVE | OrgFlags::TRANSACTIONS_ALLOWED;
    let built = OrgStructure::build([
        OrgRow::new("0"),
        OrgRow::new("Spain").under("0").with_flags(company).in_time_zone("Europe/Madrid"),
        OrgRow::new("Madrid").under("Spain").with_flags(shop),
        OrgRow::new("Sevilla").under("Spain").with_flags(shop),
        OrgRow::new("USA").under("0").with_flags(company),
        OrgRow::new("Boston").under("Headquarters").with_flags(shop),
    ])?;
    for finding in &built.findings {
        println!("note: {finding}");
    }

    let tree = built.structure;
    println!(
        "{} organizations in {} bytes, fingerprint {}",
        tree.len(),
        tree.footprint(),
        tree.fingerprint()
    );

    // An order of Madrid may use records of Madrid, its ancestors and its descendants, but never of a
    // sibling.
    let Some(madrid) = tree.index_of("Madrid") else { return Ok(()) };
    for owner in ["0", "Spain", "Sevilla", "USA", "Boston"] {
        let may = tree.index_of(owner).is_some_and(|owner| tree.is_in_natural_tree(madrid, owner));
        println!("an order of Madrid {} use a price list of {owner}", if may { "may" } else { "may not" });
    }

    // The closest list wins. The legal entity above keeps the books.
    let lists = [("everywhere", "0"), ("Spain 2026", "Spain"), ("Sevilla fair", "Sevilla")];
    let owned = lists.iter().filter_map(|&(list, owner)| Some((list, tree.index_of(owner)?)));
    println!("Madrid sells by the list {:?}", tree.closest(madrid, owned));
    let entity = tree.nearest(madrid, OrgFlags::LEGAL_ENTITY).and_then(|entity| tree.id(entity));
    println!("its legal entity is {}", entity.map_or_else(|| "none".to_owned(), |entity| entity.to_string()));

    // For SQL: bind the array, or insert the text if the driver has no arrays.
    let readable = tree.natural_tree(madrid);
    println!("SELECT … WHERE ad_org_id = ANY($1)  -- {:?}", tree.sql_ids(readable));
    println!("SELECT … WHERE ad_org_id IN ({})", tree.quoted_list(readable));
    Ok(())
}
