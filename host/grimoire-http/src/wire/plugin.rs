//! Plugins on the wire.

use std::collections::BTreeMap;

use grimoire_domain::installed_plugin::{InstalledPlugin, PluginReceipt, PluginVersion};
use grimoire_pipeline::{PluginDetails, PluginStatus};
use grimoire_ports::plugins::{
    Histogram, PluginCalls, PluginDescription, PluginEvidence, PluginOrigin, Signer,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::diagnosis::ProblemBody;
use super::preparation::PreparationBody;

/// The running generation of plugins.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginGeneration)]
pub struct PluginsBody {
    /// The number of the generation, from 1.
    pub generation: u64,
    /// The plugins that run or are installed, by name.
    pub plugins: Vec<PluginStatusBody>,
    /// Components that were found but could not be loaded, with the reason.
    pub rejected: Vec<ProblemBody>,
}

/// What a plugin says of itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginDescription)]
pub struct PluginDescriptionBody {
    /// Its own name. It may run under another one.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// One sentence.
    pub description: String,
    /// The tools whose errors an analyzer finds; empty for a matcher, and if it is not made for certain tools.
    pub tools: Vec<String>,
    /// The media types that an analyzer reads; empty for a matcher, and for an analyzer that needs a configuration and has none.
    #[schema(example = json!(["text/x-log", "text/plain"]))]
    pub accepts: Vec<String>,
}

impl From<PluginDescription> for PluginDescriptionBody {
    fn from(said: PluginDescription) -> Self {
        let PluginDescription { name, version: _, description, tools, accepts } = said;
        Self { name, description, tools, accepts }
    }
}

/// A plugin that runs or is installed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Plugin)]
pub struct PluginStatusBody {
    /// Its name.
    #[schema(example = "matcher-hybrid")]
    pub name: String,
    /// The SHA-256 of the running component; null if none runs.
    #[schema(required = true)]
    pub digest: Option<String>,
    /// The version that runs.
    #[schema(required = true)]
    pub version: Option<String>,
    /// What the plugin that runs says of itself.
    #[schema(required = true)]
    pub description: Option<PluginDescriptionBody>,
    /// The world that it implements.
    #[schema(required = true, example = "grimoire:matcher@0.1.0")]
    pub world: Option<String>,
    /// Where it comes from: `shipped`, `folder` or `installed`.
    #[schema(required = true, example = "shipped")]
    pub origin: Option<String>,
    /// The origin of the plugin that would run under this name without it.
    #[schema(required = true, example = "shipped")]
    pub replaces: Option<String>,
    /// The signature of the running component: `shipped` (part of the program), `trusted` (signed with a trusted key),
    /// `unknown` (signed with another key) or `unsigned`.
    #[schema(required = true, example = "trusted")]
    pub signature: Option<String>,
    /// The name of the trusted key, or the unknown key itself.
    #[schema(required = true, example = "team")]
    pub signer: Option<String>,
    /// Calls since the process started.
    pub calls: u64,
    /// Failed calls since then.
    pub failures: u64,
    /// The last failure.
    #[schema(required = true)]
    pub last_problem: Option<ProblemBody>,
    /// True if its compiled code came from the cache.
    pub from_cache: bool,
    /// The versions that are kept, newest first.
    pub installed: Vec<PluginVersionBody>,
}

/// A kept version of an installed plugin.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginVersion)]
pub struct PluginVersionBody {
    /// The SHA-256 of its component.
    pub digest: String,
    /// The length of its component in bytes.
    pub bytes: u64,
    /// The world that it implements.
    pub world: String,
    /// The version in its metadata.
    #[schema(required = true)]
    pub version: Option<String>,
    /// The origin of its component.
    #[schema(example = "matcher-hybrid.wasm")]
    pub source: String,
    /// The name of the actor who installed it.
    #[schema(example = "token:ana")]
    pub by: String,
    /// When it was installed.
    #[schema(format = DateTime)]
    pub at: String,
    /// True for the active version.
    pub active: bool,
    /// The reason for its quarantine; null if it is not in quarantine.
    #[schema(required = true, example = "5 of 6 calls failed")]
    pub quarantine: Option<String>,
}

/// The receipt of one change to a plugin; never deleted.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginReceipt)]
pub struct PluginReceiptBody {
    /// Counted from 1 in the order of the changes.
    pub number: u64,
    /// The plugin's name.
    pub plugin: String,
    /// The kind of change: `install`, `activate`, `rollback`, `remove`, or `folder` for a file that was added to the
    /// folder, changed or removed.
    #[schema(example = "install")]
    pub action: String,
    /// The SHA-256 of the component that ran afterwards; null if none did.
    #[schema(required = true)]
    pub digest: Option<String>,
    /// The SHA-256 of the component that ran before; null if none did.
    #[schema(required = true)]
    pub previous: Option<String>,
    /// The origin of the component.
    pub source: String,
    /// The reason for an automatic change; null for a requested one.
    #[schema(required = true, example = "5 of 6 calls failed")]
    pub reason: Option<String>,
    /// The checks that the component passed before it ran, in order.
    pub verified: Vec<String>,
    /// The name of the actor.
    #[schema(example = "token:ana")]
    pub by: String,
    /// The time of the change.
    #[schema(format = DateTime)]
    pub at: String,
}

/// A plugin with its history.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginDetails)]
pub struct PluginDetailsBody {
    /// Its present status.
    #[serde(flatten)]
    pub status: PluginStatusBody,
    /// Facts about its calls since the process started.
    pub evidence: PluginEvidenceBody,
    /// How far a matcher has prepared the spells; null for a plugin that prepares none, and before the first.
    #[schema(required = true)]
    pub preparation: Option<PreparationBody>,
    /// Its last receipts, newest first, at most twenty.
    pub receipts: Vec<PluginReceiptBody>,
}

/// Facts about a plugin's calls.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginEvidence)]
pub struct PluginEvidenceBody {
    /// The number of calls that succeeded (`ok`), and of those that failed, by reason.
    #[schema(example = json!({ "ok": 12, "trap": 1 }))]
    pub outcomes: BTreeMap<String, u64>,
    /// What the calls of the last four versions cost, by version and outcome.
    pub calls: Vec<PluginCallsBody>,
    /// The last lines of its log, oldest first, at most 128.
    pub log: Vec<LogLineBody>,
    /// The last call that ended with a trap.
    #[schema(required = true)]
    pub last_trap: Option<TrapBody>,
}

/// The calls of one version with one outcome. Calls that got no instance, such as those of a busy host, count in
/// `seconds` only.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginCalls)]
pub struct PluginCallsBody {
    /// The SHA-256 of the version's component.
    pub digest: String,
    /// The world that it implements.
    #[schema(example = "grimoire:matcher@0.1.0")]
    pub world: String,
    /// `ok`, or the reason of the failure.
    #[schema(example = "ok")]
    pub outcome: String,
    /// The number of calls.
    pub calls: u64,
    /// Seconds from the request to the checked answer, waits included.
    pub seconds: HistogramBody,
    /// Seconds until there was an instance.
    pub instantiation_seconds: HistogramBody,
    /// Seconds of computing.
    pub guest_seconds: HistogramBody,
    /// The largest size of all memories and tables in bytes.
    pub memory_bytes: HistogramBody,
    /// The number of calls to the host.
    pub host_calls: HistogramBody,
    /// Bytes of the answer.
    pub output_bytes: HistogramBody,
}

/// Values, counted in classes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = Histogram)]
pub struct HistogramBody {
    /// The sum of all values.
    pub sum: f64,
    /// The classes, smallest values first.
    pub classes: Vec<ClassBody>,
}

/// The number of values of similar size.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = HistogramClass)]
pub struct ClassBody {
    /// The upper bound of the values; the lower one is the bound before. Null means no bound.
    #[schema(required = true)]
    pub at_most: Option<f64>,
    /// The number of values.
    pub count: u64,
}

impl From<Histogram> for HistogramBody {
    fn from(histogram: Histogram) -> Self {
        let class =
            |(bound, count): (f64, u64)| ClassBody { at_most: bound.is_finite().then_some(bound), count };
        Self { sum: histogram.sum, classes: histogram.classes.into_iter().map(class).collect() }
    }
}

impl From<PluginCalls> for PluginCallsBody {
    fn from(of: PluginCalls) -> Self {
        Self {
            digest: of.digest,
            world: of.world.to_owned(),
            outcome: of.outcome.to_owned(),
            calls: of.calls,
            seconds: of.seconds.into(),
            instantiation_seconds: of.instantiation.into(),
            guest_seconds: of.guest.into(),
            memory_bytes: of.memory.into(),
            host_calls: of.host_calls.into(),
            output_bytes: of.output.into(),
        }
    }
}

/// A line in a plugin's log.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginLogLine)]
pub struct LogLineBody {
    /// `trace`, `debug`, `info`, `warn` or `error`.
    #[schema(example = "info")]
    pub level: String,
    /// Without control characters, at most 4 KiB.
    pub message: String,
}

/// A call that ended with a trap.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = PluginTrap)]
pub struct TrapBody {
    /// The time of the call.
    #[schema(format = DateTime)]
    pub at: String,
    /// A description of the trap.
    pub detail: String,
    /// What the plugin itself said last: a panic with its place, the text of an exception. Without control characters
    /// and secrets.
    #[schema(required = true, example = "panicked at src/lib.rs:7:9: ⏎ index out of bounds")]
    pub last_words: Option<String>,
    /// The backtrace, innermost call first: names of functions, or their numbers if the component has no names.
    pub backtrace: Vec<String>,
}

impl From<PluginEvidence> for PluginEvidenceBody {
    fn from(evidence: PluginEvidence) -> Self {
        let line = |(level, message): (&str, String)| LogLineBody { level: level.to_owned(), message };
        let outcomes = evidence.outcomes.into_iter().map(|(word, calls)| (word.to_owned(), calls));
        Self {
            outcomes: outcomes.collect(),
            calls: evidence.calls.into_iter().map(PluginCallsBody::from).collect(),
            log: evidence.log.into_iter().map(line).collect(),
            last_trap: evidence.last_trap.map(|trap| TrapBody {
                at: trap.at.to_string(),
                detail: trap.detail,
                last_words: trap.last_words,
                backtrace: trap.backtrace,
            }),
        }
    }
}

impl From<PluginStatus> for PluginStatusBody {
    fn from(status: PluginStatus) -> Self {
        let PluginStatus { name, loaded, installed, statistics } = status;
        let origin = |origin: PluginOrigin| origin.as_str().to_owned();
        let active =
            installed.as_ref().and_then(|plugin| plugin.active()).map(|version| version.digest.clone());
        let versions = installed.iter().flat_map(InstalledPlugin::versions);
        let version = |version: &PluginVersion| PluginVersionBody {
            digest: version.digest.clone(),
            bytes: version.bytes,
            world: version.world.clone(),
            version: version.version.clone(),
            source: version.source.clone(),
            by: version.installed_by.clone(),
            at: version.installed_at.to_string(),
            active: active.as_ref() == Some(&version.digest),
            quarantine: version.quarantine.clone(),
        };
        let signed_by = loaded.as_ref().map(|loaded| &loaded.signer);
        let said = loaded.as_ref().map(|loaded| &loaded.description);
        Self {
            name,
            digest: loaded.as_ref().map(|loaded| loaded.identity.digest.clone()),
            version: said.map(|said| said.version.clone()),
            description: said.cloned().map(PluginDescriptionBody::from),
            world: loaded.as_ref().map(|loaded| loaded.world.clone()),
            origin: loaded.as_ref().map(|loaded| origin(loaded.origin)),
            replaces: loaded.as_ref().and_then(|loaded| loaded.replaces).map(origin),
            signature: signed_by.map(|signer| signer.as_str().to_owned()),
            signer: match signed_by {
                Some(Signer::Trusted(name)) => Some(name.clone()),
                Some(Signer::Unknown(key)) => Some(key.to_string()),
                Some(Signer::Program | Signer::Nobody) | None => None,
            },
            calls: statistics.calls,
            failures: statistics.failures,
            last_problem: statistics.last_problem.map(ProblemBody::from),
            from_cache: loaded.as_ref().is_some_and(|loaded| loaded.from_cache),
            installed: versions.map(version).collect(),
        }
    }
}

impl From<PluginReceipt> for PluginReceiptBody {
    fn from(receipt: PluginReceipt) -> Self {
        Self {
            number: receipt.number,
            plugin: receipt.plugin,
            action: receipt.action.as_str().to_owned(),
            digest: receipt.digest,
            previous: receipt.previous,
            source: receipt.source,
            reason: receipt.reason,
            verified: receipt.verified,
            by: receipt.by,
            at: receipt.at.to_string(),
        }
    }
}

impl From<PluginDetails> for PluginDetailsBody {
    fn from(details: PluginDetails) -> Self {
        Self {
            status: details.status.into(),
            evidence: details.evidence.into(),
            preparation: details.preparation.map(PreparationBody::from),
            receipts: details.receipts.into_iter().map(PluginReceiptBody::from).collect(),
        }
    }
}
