//! The throw-away PostgreSQL cluster of a test run.

mod account;
mod cluster;
mod programs;

pub(crate) use account::Account;
pub(crate) use cluster::Cluster;
pub(crate) use programs::{Programs, is_client_setting, locate};
