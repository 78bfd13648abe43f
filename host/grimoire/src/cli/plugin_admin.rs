//! `grimoire plugin list|show|record|install|activate|rollback|remove`: the subcommands for operators. They work on the data
//! folder, or through the API of the service that has it open.

mod show;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use grimoire_authoring::component;
use grimoire_domain::actor::Actor;
use grimoire_domain::installed_plugin::check_plugin_name;
use grimoire_http::wire::diagnosis::ProblemBody;
use grimoire_http::wire::plugin::{PluginDetailsBody, PluginReceiptBody, PluginStatusBody, PluginsBody};
use grimoire_pipeline::{PluginRequest, PluginUpload, RecordRequest};
use reqwest::Method;

use self::show::short;
use super::access::{Access, Need};
use super::service::{Service, Target, body_of};
use crate::config::Overrides;
use crate::console::{self, note};
use crate::exit::{Exit, Reported};

const ACTOR: Actor = Actor::COMMAND_LINE;

const RECORD_HELP: &str = "\
A running service keeps what its plugins are given in memory: for matchers the last 200 errors, which get the spells that
are candidates now; for analyzers logs and diffs of at most 256 KiB, 4 MiB in all. It needs the permission `admin`.

  grimoire plugin record matcher-hybrid wrong.md --last 5 --url https://grimoire.example
  grimoire plugin replay build/mine.wasm wrong.md";

/// The subcommands for operators.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the running plugins with their origins.
    List {
        #[command(flatten)]
        target: Target,
        /// The output format.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Show a plugin: its versions, its calls, and the receipts of its changes.
    Show {
        /// The plugin's name.
        name: String,
        #[command(flatten)]
        target: Target,
        /// The output format.
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Write what a plugin was given lately as cases, with its answers, for `plugin test` and `plugin replay`.
    #[command(after_help = RECORD_HELP)]
    Record {
        /// The plugin's name.
        name: String,
        /// The file to write; by default the standard output.
        output: Option<PathBuf>,
        /// The number of calls, the last one first, 1 to 200; by default 20.
        #[arg(long, value_name = "N", conflicts_with = "review")]
        last: Option<usize>,
        /// Instead: the errors in the last review of a pull request, for a matcher.
        #[arg(long, value_name = "OWNER/NAME#NUMBER")]
        review: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Install a component and activate it; the last three versions are kept.
    Install {
        /// The component.
        file: PathBuf,
        /// The name under which it runs; by default the file's name without `.wasm`.
        #[arg(long)]
        name: Option<String>,
        /// Replay N recent inputs against the new plugin and the running ones, and refuse the new one if it does worse: a
        /// running service keeps the last 200 errors for matchers, and for analyzers 4 MiB of logs and diffs.
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        replay: usize,
        /// Install it even if the version is in quarantine or does worse in the replay.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Activate a kept version; `show` lists them.
    Activate {
        /// The plugin's name.
        name: String,
        /// The version's digest, or a prefix of it.
        digest: String,
        /// Activate it even if it is in quarantine.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        target: Target,
    },
    /// Go back to the version that was installed before the active one.
    Rollback {
        /// The plugin's name.
        name: String,
        #[command(flatten)]
        target: Target,
    },
    /// Remove what was installed; the shipped plugin or the one in the folder runs under the name again.
    Remove {
        /// The plugin's name.
        name: String,
        /// Only the version with this digest, or this prefix of a digest; it must not be the active one.
        #[arg(long)]
        digest: Option<String>,
        #[command(flatten)]
        target: Target,
    },
}

/// An output format for plugins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    Text,
    /// For programs: the API's JSON.
    Json,
}

/// Runs the command.
pub(super) async fn run(command: Command, overrides: &Overrides) -> anyhow::Result<Exit> {
    match command {
        Command::List { target, format } => {
            with(&target, overrides, Need::Plugins, async |access| {
                let plugins = list(access).await?;
                show::list(&plugins, format)
            })
            .await
        }
        Command::Show { name, target, format } => {
            with(&target, overrides, Need::Plugins, async |access| {
                let details = details(access, &name).await?;
                show::details(&details, format)
            })
            .await
        }
        Command::Record { name, output, last, review, target } => {
            let request = RecordRequest::new(last, review.as_deref())?;
            with(&target, overrides, Need::Plugins, async |access| {
                let cases = record(access, &name, &request).await?;
                write_cases(output.as_deref(), &cases)
            })
            .await
        }
        Command::Install { file, name, replay, force, target } => {
            let name = match name {
                Some(name) => name,
                None => file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            };
            let component = component::read_bytes(&file)?;
            let source = file.display().to_string();
            let upload = PluginUpload { name, source, component: component.into(), replay, force };
            change(&target, overrides, PluginRequest::Install(upload)).await
        }
        Command::Activate { name, digest, force, target } => {
            change(&target, overrides, PluginRequest::Activate { name, digest, force }).await
        }
        Command::Rollback { name, target } => {
            change(&target, overrides, PluginRequest::RollBack { name }).await
        }
        Command::Remove { name, digest, target } => {
            change(&target, overrides, PluginRequest::Remove { name, digest }).await
        }
    }
}

async fn with(
    target: &Target,
    overrides: &Overrides,
    need: Need,
    work: impl AsyncFnOnce(&Access) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    Access::with(target, overrides, need, async |access| {
        work(access).await?;
        Ok(Exit::Ok)
    })
    .await
}

async fn list(access: &Access) -> anyhow::Result<PluginsBody> {
    match access {
        Access::Local(offline) => {
            let pipeline = offline.pipeline();
            let current = pipeline.plugins().current();
            Ok(PluginsBody {
                generation: current.generation(),
                plugins: pipeline
                    .list_plugins(&ACTOR)
                    .await?
                    .into_iter()
                    .map(PluginStatusBody::from)
                    .collect(),
                rejected: current.rejected().into_iter().map(ProblemBody::from).collect(),
            })
        }
        Access::Remote(service) => service.json(service.request(Method::GET, "/api/plugins")?).await,
    }
}

async fn details(access: &Access, name: &str) -> anyhow::Result<PluginDetailsBody> {
    match access {
        Access::Local(offline) => Ok(offline.pipeline().plugin_details(name, &ACTOR).await?.into()),
        Access::Remote(service) => service.json(service.request(Method::GET, &path(name, "")?)?).await,
    }
}

async fn record(access: &Access, name: &str, request: &RecordRequest) -> anyhow::Result<Vec<u8>> {
    let service = match access {
        Access::Local(offline) => {
            return Ok(offline.pipeline().record_plugin(name, request, &ACTOR).await?.into());
        }
        Access::Remote(service) => service,
    };
    let query = match request {
        RecordRequest::Last(count) => ("last", count.to_string()),
        RecordRequest::Review(id) => ("review", id.to_string()),
    };
    let asked = service.request(Method::GET, &path(name, "/cases")?)?.query(&[query]);
    body_of(service.send(asked).await?).await
}

fn write_cases(output: Option<&Path>, cases: &[u8]) -> anyhow::Result<()> {
    let Some(path) = output else {
        let mut output = console::output();
        output.write_all(cases)?;
        output.flush()?;
        return Ok(());
    };
    std::fs::write(path, cases).map_err(|error| {
        Reported(Exit::InputOutput, format!("{} cannot be written: {error}", path.display()))
    })?;
    note(format_args!(
        "{}: look through it before you pass it on; only what looks like a secret is masked",
        path.display()
    ));
    Ok(())
}

async fn change(target: &Target, overrides: &Overrides, request: PluginRequest) -> anyhow::Result<Exit> {
    with(target, overrides, Need::PluginChange, async |access| {
        let receipt: PluginReceiptBody = match access {
            Access::Local(offline) => offline.pipeline().change_plugin(request, &ACTOR).await?.into(),
            Access::Remote(service) => send(service, request).await?,
        };
        tell(&receipt);
        Ok(())
    })
    .await
}

async fn send(service: &Service, request: PluginRequest) -> anyhow::Result<PluginReceiptBody> {
    let request = match request {
        PluginRequest::Install(upload) => service
            .request(Method::POST, &path(&upload.name, "")?)?
            .query(&[
                ("source", upload.source),
                ("replay", upload.replay.to_string()),
                ("force", upload.force.to_string()),
            ])
            .header(reqwest::header::CONTENT_TYPE, "application/wasm")
            .body(upload.component),
        PluginRequest::Activate { name, digest, force } => service
            .request(Method::POST, &path(&name, "/activate")?)?
            .query(&[("digest", digest), ("force", force.to_string())]),
        PluginRequest::RollBack { name } => service.request(Method::POST, &path(&name, "/rollback")?)?,
        PluginRequest::Remove { name, digest } => {
            let request = service.request(Method::DELETE, &path(&name, "")?)?;
            match digest {
                Some(digest) => request.query(&[("digest", digest)]),
                None => request,
            }
        }
    };
    service.json(request).await
}

/// The path of a plugin. An invalid name must not lead to another path.
fn path(name: &str, rest: &str) -> anyhow::Result<String> {
    check_plugin_name(name).map_err(|error| Reported(Exit::Usage, format!("{name:?}: {error}")))?;
    Ok(format!("/api/plugins/{name}{rest}"))
}

fn tell(receipt: &PluginReceiptBody) {
    let now = match &receipt.digest {
        Some(digest) => format!("{} runs as {}", receipt.plugin, short(digest)),
        None => format!("{} does not run any more", receipt.plugin),
    };
    let before = match &receipt.previous {
        Some(previous) if receipt.previous == receipt.digest => format!("as before ({})", short(previous)),
        Some(previous) => format!("before it was {}", short(previous)),
        None => "it did not run before".to_owned(),
    };
    note(format_args!("{now}; {before} (receipt {})", receipt.number));
    for check in &receipt.verified {
        if check.starts_with("shadow replay") || check.starts_with("golden vectors") {
            note(check);
        }
    }
}
