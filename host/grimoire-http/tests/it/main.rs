//! The HTTP face over fakes: every route, every status, and what callers get wrong.

mod admin;
mod around;
mod bad_input;
mod diagnosis;
mod health;
mod jobs;
mod openapi;
mod plugins;
mod reference;
mod reviews;
mod server;
mod spells;
mod spells_properties;
mod webhooks;
mod world;
