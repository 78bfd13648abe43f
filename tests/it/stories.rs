//! Stories of the whole product: the real server, store, index and plugins, with the fake GitHub.

mod grimoire_on_duty;

mod examples;
mod first_start;
mod pull_requests;
mod reports;
mod secrets;
mod spellbook;
