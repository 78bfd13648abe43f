//! Runs one component as the service would: with the same host, the same limits, and the same checks of its answers.

use std::path::PathBuf;

pub use grimoire_cases::{Answer, MatcherInput};
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::Verdict;
use grimoire_ports::PortError;
use grimoire_ports::plugins::{PluginDescription, Plugins as _};
use grimoire_runtime::measure::CallFigures;
use grimoire_runtime::{Options, PluginHost, PluginSource};

use crate::cases::{self, Case, Outcome};
use crate::component::Description;
use crate::invalid;
use crate::manifest::{Manifest, World};

/// The name of the component here, whatever its real name is.
const NAME: &str = "plugin";

/// A loaded component.
pub struct Workbench {
    host: PluginHost,
    world: World,
}

impl Workbench {
    /// Compiles and loads a component that has already been read. `cache` is the folder for compiled code. With
    /// `count_fuel`, calls count instructions, which makes them slower. Blocks for seconds if the component contains an
    /// interpreter.
    ///
    /// # Errors
    ///
    /// `Invalid` if the host refuses the component, with its reason.
    pub fn start(
        component: Vec<u8>,
        description: &Description,
        cache: Option<PathBuf>,
        count_fuel: bool,
    ) -> Result<Self, PortError> {
        Self::configured(component, description, cache, count_fuel, None)
    }

    /// Like [`Self::start`], with an operator's configuration of the plugin, a JSON object.
    ///
    /// # Errors
    ///
    /// `Invalid` also if the plugin refuses its configuration.
    pub fn configured(
        component: Vec<u8>,
        description: &Description,
        cache: Option<PathBuf>,
        count_fuel: bool,
        settings: Option<String>,
    ) -> Result<Self, PortError> {
        let world = World::of_package(description.found.world)
            .ok_or_else(|| invalid(format!("{} is not a world for plugins", description.found.world)))?;
        let options = Options {
            cache_folder: cache,
            count_fuel,
            // A plugin that fails is called again, because its author wants to see every failure.
            failures_before_rest: u32::MAX,
            configurations: settings.into_iter().map(|settings| (NAME.to_owned(), settings)).collect(),
            ..Options::default()
        };
        let host = PluginHost::new(options)?;
        let set = host.load(vec![PluginSource::new(NAME, component)])?;
        if let Some(problem) = set.rejected().into_iter().next() {
            return Err(invalid(format!("the host refuses it: {}", problem.detail)));
        }
        if let (Some(manifest), Some(loaded)) = (&description.manifest, set.plugins().into_iter().next()) {
            check_identity(manifest, &loaded.description)?;
        }
        Ok(Self { host, world })
    }

    /// The world that the component implements.
    pub fn world(&self) -> World {
        self.world
    }

    /// Has the analyzer read an artifact. Needs a Tokio runtime with timers.
    ///
    /// # Errors
    ///
    /// If the host cannot run it. A failure of the plugin is an answer, not an error.
    pub async fn analyze(
        &self,
        kind: ArtifactKind,
        content: &[u8],
    ) -> Result<Answer<Vec<Diagnostic>>, PortError> {
        grimoire_cases::analyze(&*self.host.current(), NAME, kind, content).await
    }

    /// Has the matcher score the candidates.
    pub async fn score(&self, input: &MatcherInput) -> Answer<Vec<Verdict>> {
        grimoire_cases::score(&*self.host.current(), NAME, input).await
    }

    /// Has the embedder embed texts.
    pub async fn embed(&self, texts: &[String]) -> Answer<Vec<Vec<f32>>> {
        grimoire_cases::embed(&*self.host.current(), NAME, texts).await
    }

    /// Runs a case and compares the answer.
    ///
    /// # Errors
    ///
    /// If the host cannot run the component.
    pub async fn answer(&self, case: &Case) -> Result<Outcome, PortError> {
        cases::run(&*self.host.current(), NAME, case).await
    }

    /// The cost of the last call.
    pub fn last_call(&self) -> Option<CallFigures> {
        self.host.last_call(NAME)
    }

    /// The backtrace of the last call that ended with a trap, innermost call first.
    pub fn backtrace(&self) -> Vec<String> {
        self.host.evidence(NAME).last_trap.map(|trap| trap.backtrace).unwrap_or_default()
    }

    /// The last lines that the plugin wrote to its log, oldest first.
    pub fn log(&self) -> Vec<String> {
        self.host.recent_log(NAME).into_iter().map(|line| line.message).collect()
    }
}

/// What a plugin says of itself is what its manifest says. In Rust it comes from `Cargo.toml`, in Python and JavaScript
/// from the source.
fn check_identity(manifest: &Manifest, own: &PluginDescription) -> Result<(), PortError> {
    let fields = [
        ("name", &manifest.name, &own.name),
        ("version", &manifest.version, &own.version),
        ("description", &manifest.description, &own.description),
    ];
    match fields.into_iter().find(|(_, manifest, own)| manifest != own) {
        None => Ok(()),
        Some((field, manifest, own)) => Err(invalid(format!(
            "its {field} is {manifest:?} in plugin.toml and {own:?} in what the plugin says of itself (`describe`): give \
             both the same"
        ))),
    }
}
