//! The running service, for commands that talk to it.

use std::error::Error;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::Url;

use crate::config::Config;
use crate::exit::{Exit, Reported};

/// Maximum size of a response in bytes: the server of `--url` may be anyone's.
const LARGEST_ANSWER: usize = 256 << 20;
/// The most that is read of a refusal.
const LARGEST_REFUSAL: usize = 64 << 10;

/// The service that a command talks to.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Target {
    /// The URL of a running service. By default the data folder is opened; if a service has it open, the service in the
    /// settings is used.
    #[arg(long, value_name = "URL", visible_alias = "server")]
    pub(super) url: Option<Url>,
    /// The environment variable with the API token, if it is not one of the settings.
    #[arg(long, value_name = "VARIABLE")]
    token_from: Option<String>,
}

impl Target {
    /// The service at the given URL, if any.
    pub(super) fn named(&self, config: &Config) -> anyhow::Result<Option<Service>> {
        self.url.as_ref().map(|url| Service::new(url.clone(), self.token(config)?)).transpose()
    }

    /// The service in the settings.
    pub(super) fn configured(&self, config: &Config) -> anyhow::Result<Service> {
        Service::new(address(config)?, self.token(config)?)
    }

    fn token(&self, config: &Config) -> anyhow::Result<Option<SecretString>> {
        match &self.token_from {
            Some(name) => {
                let token = std::env::var(name).with_context(|| format!("{name} is not set"))?;
                Ok(Some(SecretString::from(token)))
            }
            None => {
                let mightiest = config.api_tokens.iter().max_by_key(|token| token.permission);
                Ok(mightiest.map(|token| token.token.clone()))
            }
        }
    }
}

/// The URL of the service in the settings. A service that listens on every address is reached on loopback.
pub(super) fn address(config: &Config) -> anyhow::Result<Url> {
    let mut address = config.address;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok(Url::parse(&format!("http://{address}"))?)
}

/// A running service with the credentials for it.
pub(super) struct Service {
    url: Url,
    /// The URL for messages: a password in it is masked.
    base: Url,
    http: reqwest::Client,
    token: Option<SecretString>,
}

impl Service {
    fn new(url: Url, token: Option<SecretString>) -> anyhow::Result<Self> {
        let mut base = url.clone();
        if base.password().is_some() {
            // Fails only for URLs without a host, which have no password.
            let _ = base.set_password(Some("***"));
        }
        Ok(Self { url, base, http: client_without_timeout()?, token })
    }

    /// Its URL for messages.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// A request for a path below the base URL. Without a timeout, because analyses and backups may take any time.
    pub(super) fn request(&self, method: Method, path: &str) -> anyhow::Result<RequestBuilder> {
        let base = self.url.as_str().trim_end_matches('/');
        let url = Url::parse(&format!("{base}{path}"))?;
        let request = self.http.request(method, url);
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose_secret()),
            None => request,
        })
    }

    /// Sends a request. A response without a success status is an error with the service's message.
    pub(super) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Response> {
        let response = request.send().await.map_err(|error| unreachable(&self.base, error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(self.refusal(response).await.into())
    }

    /// Sends a request and parses the response as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let response = self.send(request).await?;
        let unreadable = || format!("the answer of {} cannot be read", self.base);
        let body = body_of(response).await.with_context(unreadable)?;
        serde_json::from_slice(&body).with_context(unreadable)
    }

    async fn refusal(&self, response: Response) -> Reported {
        let status = response.status();
        let body = beginning_of(response, LARGEST_REFUSAL).await.unwrap_or_default();
        let body = String::from_utf8_lossy(&body).into_owned();
        let said = serde_json::from_str::<serde_json::Value>(&body).ok();
        let detail = said.as_ref().and_then(|said| said["detail"].as_str()).unwrap_or(&body).to_owned();
        let exit = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let message = format!(
                    "{} needs another API token: set GRIMOIRE_SERVER_API_TOKENS, or use --token-from ({detail})",
                    self.base
                );
                return Reported(Exit::NoPermission, message);
            }
            StatusCode::TOO_MANY_REQUESTS => Exit::TemporaryFailure,
            status if status.is_client_error() => Exit::Data,
            _ => Exit::Unavailable,
        };
        Reported(exit, format!("{} answers {status}: {detail}", self.base))
    }
}

/// The whole body of a response.
pub(super) async fn body_of(response: Response) -> anyhow::Result<Vec<u8>> {
    let body = beginning_of(response, LARGEST_ANSWER).await?;
    ensure!(body.len() < LARGEST_ANSWER, "it has {} MiB or more", LARGEST_ANSWER >> 20);
    Ok(body)
}

/// The body of a response, or its first `limit` bytes.
async fn beginning_of(mut response: Response, limit: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while body.len() < limit
        && let Some(chunk) = response.chunk().await?
    {
        body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
    }
    Ok(body)
}

/// A client for the service itself: no proxy, no redirects.
pub(super) fn client() -> anyhow::Result<reqwest::Client> {
    builder().timeout(Duration::from_secs(30)).build().context("the HTTP client could not be made")
}

fn client_without_timeout() -> anyhow::Result<reqwest::Client> {
    builder().build().context("the HTTP client could not be made")
}

fn builder() -> reqwest::ClientBuilder {
    crate::wiring::install_tls();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(30))
}

/// The error for a request without a response.
pub(super) fn unreachable(url: &Url, error: reqwest::Error) -> Reported {
    let error = error.without_url();
    // The outer errors only say that sending failed; the innermost one says why.
    let mut cause: &dyn Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let words = format!("{url} cannot be reached: {cause}; is `grimoire serve` running there?");
    Reported(Exit::Unavailable, words)
}
