//! `grimoire webhook list`, `show` and `redeliver`: the log of webhook requests of a running service.

use std::io::Write as _;

use grimoire_domain::delivery::DeliveryId;
use reqwest::Method;
use serde_json::Value;

use super::output::prose;
use super::service::{Service, Target};
use crate::config::{self, Overrides};
use crate::console::{self, note};
use crate::exit::{Exit, Reported};

/// The arguments of `grimoire webhook list`.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Show only those of this event, such as `pull_request`.
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Show only those about this repository.
    #[arg(long, value_name = "OWNER/NAME")]
    repository: Option<String>,
    /// Show only those with this verdict.
    #[arg(long, value_parser = ["accepted", "ping", "ignored"])]
    verdict: Option<String>,
    /// Show at most this many.
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    #[command(flatten)]
    target: Target,
}

/// A webhook request, by its id.
#[derive(Debug, clap::Args)]
pub(super) struct One {
    /// The value of `X-GitHub-Delivery`, as `grimoire webhook list` shows it.
    delivery: String,
    #[command(flatten)]
    target: Target,
}

/// Shows webhook requests, the latest arrival first.
pub(super) async fn list(arguments: List, overrides: &Overrides) -> anyhow::Result<Exit> {
    let service = service(&arguments.target, overrides)?;
    let mut query = vec![("limit", arguments.limit.to_string())];
    query.extend(arguments.event.map(|event| ("event", event)));
    query.extend(arguments.repository.map(|repository| ("repository", repository)));
    query.extend(arguments.verdict.map(|verdict| ("verdict", verdict)));
    let request = service.request(Method::GET, "/api/webhooks/deliveries")?.query(&query);
    let deliveries: Vec<Value> = service.json(request).await?;
    let mut output = console::output();
    for delivery in &deliveries {
        let word = |name: &str| prose::line(delivery[name].as_str().unwrap_or_default());
        let action = delivery["action"].as_str().map(|action| format!(".{}", prose::line(action)));
        let job = delivery["job_id"].as_u64().map(|job| format!("job {job}"));
        writeln!(
            output,
            "{}  {:8}  {}{}  {}  {}  {}",
            word("received_at"),
            word("verdict"),
            word("event"),
            action.unwrap_or_default(),
            word("repository"),
            job.unwrap_or_else(|| word("reason")),
            word("id"),
        )?;
    }
    if deliveries.is_empty() {
        writeln!(output, "no webhook request was found")?;
    }
    output.flush()?;
    Ok(Exit::Ok)
}

/// Shows everything that is stored about a webhook request, as JSON.
pub(super) async fn show(arguments: One, overrides: &Overrides) -> anyhow::Result<Exit> {
    let service = service(&arguments.target, overrides)?;
    let path = path(&arguments.delivery, "")?;
    let delivery: Value = service.json(service.request(Method::GET, &path)?).await?;
    console::write_json(&delivery)?;
    Ok(Exit::Ok)
}

/// Has a webhook request handled again.
pub(super) async fn redeliver(arguments: One, overrides: &Overrides) -> anyhow::Result<Exit> {
    let service = service(&arguments.target, overrides)?;
    let path = path(&arguments.delivery, "/redeliver")?;
    let answer: Value = service.json(service.request(Method::POST, &path)?).await?;
    match (answer["status"].as_str(), answer["job_id"].as_u64()) {
        (Some("duplicate"), Some(job)) => note(format_args!("job {job} still works on it: nothing was done")),
        (_, Some(job)) => note(format_args!("job {job} is queued")),
        (_, None) => {
            let reason = answer["reason"].as_str().unwrap_or("it asks for no work");
            note(format_args!("nothing was queued: {}", prose::line(reason)));
        }
    }
    Ok(Exit::Ok)
}

/// The path of a webhook request. An invalid id must not lead to another path.
fn path(delivery: &str, rest: &str) -> anyhow::Result<String> {
    let id = DeliveryId::parse(delivery).map_err(|_| {
        let message = format!(
            "{delivery:?} is no id of a webhook request: those have 1 to 100 letters, digits, hyphens or underscores"
        );
        Reported(Exit::Usage, message)
    })?;
    Ok(format!("/api/webhooks/deliveries/{}{rest}", id.as_str()))
}

fn service(target: &Target, overrides: &Overrides) -> anyhow::Result<Service> {
    let (config, _) = config::load(overrides)?;
    match target.named(&config)? {
        Some(service) => Ok(service),
        None => target.configured(&config),
    }
}
