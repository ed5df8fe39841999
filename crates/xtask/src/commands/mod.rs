//! One file for each command: its arguments, and a `run` that ends in an exit code.

pub(crate) mod ci;
pub(crate) mod harness;
pub(crate) mod load;
pub(crate) mod odoo_speed;
pub(crate) mod test;
