//! The throw-away PostgreSQL cluster of a test run, or of a measurement.

mod account;
mod cluster;
mod programs;
mod server;

pub(crate) use account::Account;
pub(crate) use cluster::{Cluster, Durability};
pub(crate) use programs::{Programs, is_client_setting, locate};
pub(crate) use server::Server;
