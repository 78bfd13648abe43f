//! `grimoire health`: for people, scripts and container health checks.

use std::io::Write as _;

use anyhow::Context as _;
use url::Url;

use super::service;
use crate::config::{self, Overrides};
use crate::console;
use crate::exit::Exit;
use crate::inert::harmless;

/// The arguments of `grimoire health`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The service's URL; by default the one in the settings.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let base = match arguments.url {
        Some(url) => url,
        None => service::address(&config::load(overrides)?.0)?,
    };
    let url = base.join("/health")?;
    let response = service::client()?.get(url.clone()).send().await;
    let response = response.map_err(|error| service::unreachable(&url, error))?;
    let healthy = response.status().is_success();
    let body = service::body_of(response).await.context("the answer broke off")?;
    let body: serde_json::Value = serde_json::from_slice(&body).context("the answer is not JSON")?;
    let mut output = console::output();
    writeln!(output, "{}", harmless(body["status"].as_str().unwrap_or("unknown")))?;
    for part in ["db", "queue", "index", "plugins", "github"] {
        let word = |name: &str| harmless(body[part][name].as_str().unwrap_or("unknown"));
        writeln!(output, "{part:8} {:9} {}", word("status"), word("detail"))?;
    }
    output.flush()?;
    Ok(if healthy { Exit::Ok } else { Exit::Unavailable })
}
