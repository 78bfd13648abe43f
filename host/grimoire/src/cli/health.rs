//! `grimoire health`: for people, scripts and container health checks.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Context as _;
use url::Url;

use crate::config::{self, Overrides};
use crate::exit::{Exit, Reported};

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
        None => {
            let mut address = config::load(overrides)?.0.address;
            // A service that listens on every address is asked on loopback.
            if address.ip().is_unspecified() {
                address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
            }
            Url::parse(&format!("http://{address}"))?
        }
    };
    let url = base.join("/health")?;
    let response = client()?.get(url.clone()).send().await.map_err(|error| {
        Reported(Exit::Unavailable, format!("{url} cannot be reached: {}", error.without_url()))
    })?;
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

/// A client for the service itself: no proxy, no redirects.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    crate::wiring::install_tls();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .context("the HTTP client could not be made")
}
