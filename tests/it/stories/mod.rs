//! Stories of the whole product: the real server, store, index and plugins, against the fake GitHub.

mod grimoire_on_duty;

mod pull_requests;
mod reports;
mod spellbook;
