//! The store port: one file per trait.

mod deliveries;
mod jobs;
mod reviews;
mod spells;
