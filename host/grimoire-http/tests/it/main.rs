//! The HTTP interface with fakes: every route, every status, and callers' mistakes.

mod access;
mod admin;
mod around;
mod bad_input;
mod deliveries;
mod diagnosis;
mod error_bodies;
mod health;
mod jobs;
mod openapi;
mod plugins;
mod reference;
mod reviews;
mod server;
mod spellbook;
mod spells;
mod spells_fared;
mod spells_properties;
mod webhooks;
mod world;
