//! Wire types: one file per resource, never a domain type.

pub mod delivery;
pub mod diagnosis;
pub mod diagnostic;
pub mod health;
pub mod job;
pub mod plugin;
pub mod preparation;
pub mod review;
pub mod spell;
pub mod spell_input;
pub mod webhook;
