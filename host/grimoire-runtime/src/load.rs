//! Builds a generation from sources. A plugin that cannot be loaded is listed, and does not affect others.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::installed_plugin::check_plugin_name;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::text;
use grimoire_ports::plugins::{PluginDescription, PluginOrigin, PluginSource, PublicKey, Signer};
use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use crate::call::{self, Allowance, Call, Entry};
use crate::compile::Compiler;
use crate::digest::Digest;
use crate::embed;
use crate::options::Options;
use crate::plugin::{Code, Facts, Plugin};
use crate::preflight::{self, Compiled, World};
use crate::problem::{Fault, engine_words};
use crate::progress::Progress;
use crate::read;
use crate::registry::{Generation, Registry};
use crate::rejection::Rejection;
use crate::resources::Resources;
use crate::validate::{check_analyzer, check_embedder, check_identity};
use crate::worlds::{analyzer, embedder, matcher};

/// Everything that loading needs.
pub(crate) struct Loader<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) linker: &'a Linker<Call>,
    pub(crate) compiler: &'a Compiler,
    pub(crate) resources: &'a Arc<Resources>,
    pub(crate) registry: &'a Registry,
    pub(crate) progress: &'a Progress,
}

impl Loader<'_> {
    /// Loads all plugins that can be loaded. Must run inside the plugins' runtime, for its timers.
    pub(crate) async fn load_all(&self, number: u64, sources: Vec<PluginSource>) -> Generation {
        let mut plugins: BTreeMap<String, Arc<Plugin>> = BTreeMap::new();
        let mut rejected = Vec::new();
        let mut analyzers = 0;
        let total = sources.len();
        for (done, source) in sources.into_iter().enumerate() {
            self.progress.begin(&shown_name(&source.name), done, total);
            let loaded = if plugins.contains_key(&source.name) {
                Err(Rejection("another plugin of this name was loaded before it".to_owned()))
            } else {
                self.load(&source, analyzers).await
            };
            match loaded {
                Ok(plugin) => {
                    analyzers += usize::from(plugin.world() == World::Analyzer);
                    plugins.insert(source.name, plugin);
                }
                Err(rejection) => rejected.push(rejection_problem(&source.name, rejection)),
            }
        }
        Generation::new(number, plugins, rejected, Arc::clone(self.resources))
    }

    /// Loads one plugin; `analyzers` is the number of analyzers before it. A plugin that already runs is reused as it
    /// is, so one that rests continues to rest.
    async fn load(&self, source: &PluginSource, analyzers: usize) -> Result<Arc<Plugin>, Rejection> {
        check_plugin_name(&source.name).map_err(|error| Rejection(error.to_string()))?;
        let options = &self.resources.options;
        let bytes = read::read(&source.component, options.max_component_bytes)?;
        let digest = Digest::of(&bytes);
        let cached = self.compiler.find(digest);
        let compiled = if cached.is_some() { Compiled::Yes } else { Compiled::No };
        let checked = preflight::check(&bytes, options, compiled)?;
        let signer = signer(source.origin, checked.signed_with, options)?;
        if checked.world == World::Analyzer && analyzers >= options.max_analyzers {
            return Err(Rejection(format!(
                "{analyzers} analyzers were loaded before it, and this host runs no more"
            )));
        }
        if let Some(running) = self.registry.current().plugins.get(&source.name)
            && running.identity.digest == digest.to_string()
            && (running.origin, running.replaces) == (source.origin, source.replaces)
        {
            return Ok(Arc::clone(running));
        }
        let (component, from_cache) = match cached {
            Some(found) => found,
            None => (self.compiler.compile(&bytes, digest)?, false),
        };
        let linked = self.linker.instantiate_pre(&component).map_err(|error| link_rejection(&error))?;
        let settings = options.configurations.get(&source.name).map(|settings| settings.as_str().into());
        let (code, description) =
            self.try_once(source, checked.world, digest, linked, settings.as_deref()).await?;
        check_version(checked.version.as_deref(), &description.version)?;
        let identity = PluginIdentity { name: source.name.clone(), digest: digest.to_string() };
        let facts = Facts {
            identity,
            description,
            settings,
            from_cache,
            origin: source.origin,
            replaces: source.replaces,
            signer,
            cases: checked.cases,
        };
        Ok(Arc::new(Plugin::new(self.engine, options, facts, code)))
    }

    /// Creates one instance under the limits of a call. This proves that the exports have the types
    /// of the world, that the instance fits its memory limit and that its start function ends in
    /// time, and has the plugin check its configuration and describe itself.
    async fn try_once(
        &self,
        source: &PluginSource,
        world: World,
        digest: Digest,
        linked: InstancePre<Call>,
        settings: Option<&str>,
    ) -> Result<(Code, PluginDescription), Rejection> {
        let options = &self.resources.options;
        let mut store = call::store(self.engine, options, &source.name.as_str().into(), &Arc::default());
        let budget = options.feed_budget;
        let mut allowance = Allowance::new(budget.computing);
        let mut entry = Entry::arm(&mut store, budget, &allowance);
        let tried = match world {
            World::Analyzer => {
                let code = analyzer::v0_1::Analyzer::new(linked).map_err(|error| link_rejection(&error))?;
                let outcome = entry
                    .wait(async {
                        let instance = code.instantiate(&mut store).await?;
                        let configured = match settings {
                            Some(settings) => instance.configure(&mut store, settings).await?,
                            None => Ok(()),
                        };
                        let said = instance.describe(&mut store).await?;
                        Ok((said, configured))
                    })
                    .await;
                let returned = entry.settle(&mut store, &mut allowance, outcome);
                returned.map(|((said, probes), configured)| {
                    let checked = check_analyzer(&said, &probes);
                    let is_last_resort = source.is_last_resort;
                    (Code::Analyzer { code, probes, is_last_resort }, said, checked, configured)
                })
            }
            World::Matcher => {
                let code = matcher::v0_1::Matcher::new(linked).map_err(|error| link_rejection(&error))?;
                let outcome = entry
                    .wait(async {
                        let instance = code.instantiate(&mut store).await?;
                        let configured = match settings {
                            Some(settings) => instance.configure(&mut store, settings).await?,
                            None => Ok(()),
                        };
                        let said = instance.describe(&mut store).await?;
                        Ok((said, configured))
                    })
                    .await;
                let returned = entry.settle(&mut store, &mut allowance, outcome);
                returned.map(|((said, prepares), configured)| {
                    let checked = check_identity(&said);
                    let prepares = prepares.then(|| digest.configured(settings).to_string());
                    (Code::Matcher { code, prepares }, said, checked, configured)
                })
            }
            World::Embedder => {
                let code = embedder::v0_1::Embedder::new(linked).map_err(|error| link_rejection(&error))?;
                let outcome = entry
                    .wait(async {
                        let instance = code.instantiate(&mut store).await?;
                        let said = instance.describe(&mut store).await?;
                        let configured = match settings {
                            Some(settings) => instance.configure(&mut store, settings).await?,
                            None => Ok(()),
                        };
                        Ok((said, configured))
                    })
                    .await;
                let returned = entry.settle(&mut store, &mut allowance, outcome);
                returned.map(|((said, dimension), configured)| {
                    let checked = check_embedder(&said, dimension);
                    let space = embed::space(digest, settings, dimension);
                    (Code::Embedder { code, space }, said, checked, configured)
                })
            }
        };
        let (code, said, checked, configured) = tried.map_err(|Fault { reason, detail, .. }| {
            Rejection(format!("does not start ({}): {detail}", reason.as_str()))
        })?;
        configured.map_err(|words| {
            let words = engine_words(&words);
            Rejection(format!("refuses its configuration: {words}"))
        })?;
        checked.map_err(|broken| Rejection(format!("describe: {broken}")))?;
        Ok((code, said))
    }
}

/// The version of a component's metadata is the one that other tools show.
fn check_version(metadata: Option<&str>, own: &str) -> Result<(), Rejection> {
    match metadata {
        Some(metadata) if metadata != own => Err(Rejection(format!(
            "has two versions, {metadata} in its metadata and {own} in its own words: build it with one"
        ))),
        _ => Ok(()),
    }
}

/// The signer of a component. Rejects a component without a trusted signature where one is required; a component that
/// is only tried by one command needs none.
fn signer(
    origin: PluginOrigin,
    signed_with: Option<PublicKey>,
    options: &Options,
) -> Result<Signer, Rejection> {
    if origin == PluginOrigin::Shipped {
        return Ok(Signer::Program);
    }
    let signer = Signer::of(signed_with, &options.trusted_keys);
    if !options.require_signed || origin == PluginOrigin::Tried {
        return Ok(signer);
    }
    match signer {
        Signer::Trusted(_) | Signer::Program => Ok(signer),
        Signer::Unknown(_) => Err(Rejection(format!(
            "is {signer}, and plugins.require_signed is on: name the key in plugins.trusted_keys if you trust it"
        ))),
        Signer::Nobody => Err(Rejection(
            "is unsigned, and plugins.require_signed is on: sign it with `grimoire plugin sign`".to_owned(),
        )),
    }
}

fn link_rejection(error: &wasmtime::Error) -> Rejection {
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    Rejection(format!("does not fit this host: {}", engine_words(&chain.join(": "))))
}

/// Makes an arbitrary name displayable.
fn shown_name(name: &str) -> String {
    text::one_line(name, 64)
}

fn rejection_problem(name: &str, rejection: Rejection) -> PluginProblem {
    let name = shown_name(name);
    tracing::warn!(plugin = name, reason = rejection.0, "plugin was not loaded");
    Fault::new(FailureReason::Refused, rejection.0).of(&name)
}
