//! `grimoire health`: for people, scripts and container health checks.

use std::io::Write as _;

use anyhow::Context as _;
use url::Url;

use super::service;
use crate::config::{self, Overrides};
use crate::exit::Exit;

/// What `grimoire health` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The service's address; by default the one that the settings describe.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
}

/// Runs it.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let base = match arguments.url {
        Some(url) => url,
        None => service::address(&config::load(overrides)?.0)?,
    };
    let url = base.join("/health")?;
    let response = service::client()?.get(url.clone()).send().await;
    let response = response.map_err(|error| service::unreachable(&url, error))?;
    let healthy = response.status().is_success();
    let body: serde_json::Value = response.json().await.context("the answer is not JSON")?;
    let mut output = anstream::stdout().lock();
    writeln!(output, "{}", body["status"].as_str().unwrap_or("unknown"))?;
    for part in ["db", "queue", "index", "plugins", "github"] {
        let word = |name: &str| body[part][name].as_str().unwrap_or("unknown").to_owned();
        writeln!(output, "{part:8} {:9} {}", word("status"), word("detail"))?;
    }
    Ok(if healthy { Exit::Ok } else { Exit::Unavailable })
}
