//! One file per resource.

pub(crate) mod admin;
pub(crate) mod deliveries;
pub(crate) mod diagnosis;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod metrics;
pub(crate) mod plugins;
pub(crate) mod reference;
pub(crate) mod reviews;
pub(crate) mod spellbook;
pub(crate) mod spells;
pub(crate) mod webhooks;
