//! The running service, as the commands that talk to it find it.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Context as _;
use url::Url;

use crate::config::Config;
use crate::exit::{Exit, Reported};

/// Where the service is that the settings describe. One that listens on every address is asked on loopback.
pub(super) fn address(config: &Config) -> anyhow::Result<Url> {
    let mut address = config.address;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok(Url::parse(&format!("http://{address}"))?)
}

/// A client for the service itself: no proxy, no redirects.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    builder().timeout(Duration::from_secs(30)).build().context("the HTTP client could not be made")
}

/// The same for answers that take any time.
pub(super) fn client_without_timeout() -> anyhow::Result<reqwest::Client> {
    builder().build().context("the HTTP client could not be made")
}

fn builder() -> reqwest::ClientBuilder {
    crate::wiring::install_tls();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(30))
}

/// Why a request brought no answer.
pub(super) fn unreachable(url: &Url, error: reqwest::Error) -> Reported {
    let error = error.without_url();
    // The outer errors say that something was sent; the innermost says what happened.
    let mut cause: &dyn Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words = format!("{url} cannot be reached: {cause}; is `grimoire serve` running there?");
    Reported(Exit::Unavailable, words)
}
