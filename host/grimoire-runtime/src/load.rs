//! From sources to a generation. What cannot be loaded is listed, and disturbs nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::text;
use wasmtime::Engine;
use wasmtime::component::{InstancePre, Linker};

use crate::call::{Allowance, Call, Entry};
use crate::compile::Compiler;
use crate::digest::Digest;
use crate::options::{Options, PluginSource};
use crate::plugin::{Code, Plugin};
use crate::preflight::{self, Rejection, World};
use crate::probes;
use crate::problem::{Fault, Reason, engine_words};
use crate::registry::Generation;
use crate::worlds::{analyzer, matcher};

/// Everything that loading needs.
pub(crate) struct Loader<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) linker: &'a Linker<Call>,
    pub(crate) compiler: &'a Compiler,
    pub(crate) options: &'a Arc<Options>,
}

impl Loader<'_> {
    /// Loads what can be loaded. Must run inside the plugins' runtime, for its timers.
    pub(crate) async fn load_all(&self, number: u64, sources: Vec<PluginSource>) -> Generation {
        let mut plugins = BTreeMap::new();
        let mut rejected = Vec::new();
        for source in sources {
            let loaded = if plugins.contains_key(&source.name) {
                Err(Rejection("another plugin of this name was loaded before it".to_owned()))
            } else {
                self.load(&source).await
            };
            match loaded {
                Ok(plugin) => {
                    plugins.insert(source.name, Arc::new(plugin));
                }
                Err(rejection) => rejected.push(rejection_problem(&source.name, rejection)),
            }
        }
        Generation::new(number, plugins, rejected)
    }

    async fn load(&self, source: &PluginSource) -> Result<Plugin, Rejection> {
        check_name(&source.name)?;
        let checked = preflight::check(&source.component, self.options)?;
        let digest = Digest::of(&source.component);
        let (component, from_cache) = self.compiler.load(&source.component, digest)?;
        let linked = self.linker.instantiate_pre(&component).map_err(|error| link_rejection(&error))?;
        let code = self.try_once(&source.name, checked.world, linked).await?;
        let identity = PluginIdentity { name: source.name.clone(), digest: digest.to_string() };
        Ok(Plugin::new(self.engine, self.options, identity, checked.version, from_cache, code))
    }

    /// Makes one instance under the limits of a call. It proves that the exports have the types of
    /// the world, that the instance fits its memory and that its start ends in time; an analyzer
    /// also says what it accepts and what wakes it.
    async fn try_once(&self, name: &str, world: World, linked: InstancePre<Call>) -> Result<Code, Rejection> {
        let policy = world.instance_policy();
        let mut store = policy.store(self.engine, self.options, &name.into(), &Arc::default());
        let budget = self.options.feed_budget;
        let mut allowance = Allowance::new(budget.computing);
        let mut entry = Entry::arm(&mut store, budget, &allowance);
        let tried = match world {
            World::Analyzer => {
                let code = analyzer::v0_1::Analyzer::new(linked).map_err(|error| link_rejection(&error))?;
                let outcome = entry
                    .wait(async {
                        let instance = code.instantiate(&mut store).await?;
                        let kinds = instance.supports(&mut store).await?;
                        Ok((kinds, instance.probes(&mut store).await?))
                    })
                    .await;
                let said = entry.settle(&mut store, &mut allowance, outcome);
                said.map(|(kinds, probes)| Code::Analyzer { code, kinds, probes })
            }
            World::Matcher => {
                let code = matcher::v0_1::Matcher::new(linked).map_err(|error| link_rejection(&error))?;
                let outcome = entry.wait(code.instantiate(&mut store)).await;
                entry.settle(&mut store, &mut allowance, outcome).map(|_| Code::Matcher(code))
            }
        };
        match tried {
            Ok(Code::Analyzer { kinds, .. }) if kinds.is_empty() => {
                Err(Rejection("supports: must name at least one kind of artifact".to_owned()))
            }
            Ok(Code::Analyzer { code, kinds, probes }) => {
                probes::check(&probes).map_err(Rejection)?;
                Ok(Code::Analyzer { code, kinds: distinct(&kinds), probes })
            }
            Ok(code) => Ok(code),
            Err(Fault { reason, detail }) => {
                Err(Rejection(format!("does not start ({}): {detail}", reason.as_str())))
            }
        }
    }
}

fn distinct(kinds: &[ArtifactKind]) -> Vec<ArtifactKind> {
    [ArtifactKind::Log, ArtifactKind::Diff, ArtifactKind::Text]
        .into_iter()
        .filter(|kind| kinds.contains(kind))
        .collect()
}

fn check_name(name: &str) -> Result<(), Rejection> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
        return Err(Rejection(
            "a plugin's name has 1 to 64 lower-case letters, digits and hyphens".to_owned(),
        ));
    }
    Ok(())
}

fn link_rejection(error: &wasmtime::Error) -> Rejection {
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    Rejection(format!("does not fit this host: {}", engine_words(&chain.join(": "))))
}

fn rejection_problem(name: &str, rejection: Rejection) -> PluginProblem {
    let name = text::cut(&text::displayable(name), 64).replace('\n', " ");
    tracing::warn!(plugin = name, reason = rejection.0, "plugin was not loaded");
    Fault::new(Reason::Refused, rejection.0).of(&name)
}
