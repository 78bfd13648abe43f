//! GitHub: webhook signatures and payloads, a thin REST client, job logs and artifacts.
#![forbid(unsafe_code)]

pub mod client;
mod conclusion;
pub mod webhook;

pub use client::{Config, GitHubClient, web_pages};
pub use webhook::Gate;
