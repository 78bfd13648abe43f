//! What goes over the wire: one file per resource, never a domain type.

pub mod diagnosis;
pub mod health;
pub mod job;
pub mod review;
pub mod spell;
pub mod webhook;
