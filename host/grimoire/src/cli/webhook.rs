//! `grimoire webhook`: send webhooks as GitHub would, and show what became of those that arrived.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use url::Url;
use uuid::Uuid;

use super::{deliveries, service};
use crate::config::{self, Config, Overrides};
use crate::console::{self, note};
use crate::exit::{Exit, Reported};
use crate::inert::harmless;
use crate::{data_folder, secret_file};

/// The arguments of `grimoire webhook`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Sign a payload and post it to a running service.
    Send(Send),
    /// List webhook requests, the latest arrival first.
    List(deliveries::List),
    /// Show one with its headers, its payload and its job, as JSON.
    Show(deliveries::One),
    /// Handle one again, as if it had just arrived.
    Redeliver(deliveries::One),
}

/// The arguments of `grimoire webhook send`.
#[derive(Debug, clap::Args)]
struct Send {
    /// The payload, a JSON file; `-` reads standard input.
    file: PathBuf,
    /// The event's name, as used by GitHub.
    #[arg(long, value_name = "NAME")]
    event: String,
    /// The service's URL; by default the one in the settings. If it has a path, the payload is sent
    /// there.
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// The delivery id; a new one by default. Send the same one twice to see it recognised.
    #[arg(long, value_name = "ID")]
    delivery: Option<String>,
    /// The environment variable with the secret, if it is not the configured one.
    #[arg(long, value_name = "VARIABLE")]
    secret_from: Option<String>,
}

/// Runs the command.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    match arguments.command {
        Command::Send(arguments) => send(arguments, overrides).await,
        Command::List(arguments) => deliveries::list(arguments, overrides).await,
        Command::Show(arguments) => deliveries::show(arguments, overrides).await,
        Command::Redeliver(arguments) => deliveries::redeliver(arguments, overrides).await,
    }
}

async fn send(send: Send, overrides: &Overrides) -> anyhow::Result<Exit> {
    let (config, _) = config::load(overrides)?;
    let payload = super::input::read_whole(&send.file)?;
    let secret = secret(&send, &config)?;
    let mut url = match send.url {
        Some(url) => url,
        None => service::address(&config)?,
    };
    if url.path() == "/" {
        url.set_path("/webhook");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
        .context("the secret cannot be used as a key")?;
    mac.update(&payload);
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let delivery = send.delivery.unwrap_or_else(|| Uuid::new_v4().to_string());
    let response = service::client()?
        .post(url.clone())
        .header("content-type", "application/json")
        .header("user-agent", concat!("grimoire/", env!("CARGO_PKG_VERSION")))
        .header("x-github-event", &send.event)
        .header("x-github-delivery", delivery)
        .header("x-hub-signature-256", signature)
        .body(payload)
        .send()
        .await
        .map_err(|error| service::unreachable(&url, error))?;
    let status = response.status();
    let body = service::body_of(response).await.context("the answer broke off")?;
    let body = String::from_utf8_lossy(&body);
    let mut output = console::output();
    writeln!(output, "{status}")?;
    writeln!(output, "{}", harmless(&body))?;
    output.flush()?;
    let job = serde_json::from_str::<serde_json::Value>(&body).ok().and_then(|body| body["job_id"].as_u64());
    if let (true, Some(job)) = (status.is_success(), job) {
        let events = url.join(&format!("/api/jobs/{job}/events"))?;
        note(format_args!("follow it: curl -N {events}"));
    }
    if status == StatusCode::UNAUTHORIZED {
        note("the service knows another secret: it needs the same GITHUB_WEBHOOK_SECRET, or data folder");
    }
    Ok(match status.as_u16() {
        200..300 => Exit::Ok,
        401 | 403 => Exit::NoPermission,
        429 => Exit::TemporaryFailure,
        500.. => Exit::Unavailable,
        _ => Exit::Data,
    })
}

fn secret(send: &Send, config: &Config) -> anyhow::Result<SecretString> {
    if let Some(name) = &send.secret_from {
        return std::env::var(name).map(SecretString::from).with_context(|| format!("{name} is not set"));
    }
    if let Some(secret) = config.webhook_secrets.first() {
        return Ok(secret.clone());
    }
    data_folder::require_known(config)?;
    match secret_file::read(&config.data_folder)? {
        Some(secret) => Ok(secret),
        None if config.insecure_webhooks => Ok(SecretString::from("unchecked".to_owned())),
        None => bail!(Reported(
            Exit::Configuration,
            format!(
                "there is no secret to sign with: start `grimoire serve` once, which makes one in {}, or set GITHUB_WEBHOOK_SECRET",
                secret_file::path(&config.data_folder).display()
            )
        )),
    }
}
