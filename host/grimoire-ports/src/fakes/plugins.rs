//! Plugins with scripted results.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use grimoire_domain::artifact::Artifact;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::Candidate;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::routing::AnalyzerRouting;
use grimoire_domain::spell::Spell;
use tokio::sync::watch;

use super::analyzers::ScriptedAnalyzers;
use super::embedders::ScriptedEmbedders;
use super::matchers::ScriptedMatchers;
use super::{identity, lock};
use crate::PortError;
use crate::github::ByteStream;
use crate::plugins::analyzer::{Analysis, Analyzers, Excerpt};
use crate::plugins::embedder::{Embedders, Embedding, Subject, VectorSpace};
use crate::plugins::matcher::{Judgement, Matchers, PreparedSpells};
use crate::plugins::{
    CaseFile, ComponentSource, LoadedPlugin, PluginDescription, PluginError, PluginEvidence, PluginOrigin,
    PluginSet, PluginSource, PluginStatistics, Plugins, PreparedPlugins, Signer,
};

/// What a scripted plugin says of itself. Analyzers read every kind of text.
fn description(name: &str) -> PluginDescription {
    let accepts = if name.contains("analyzer") { vec!["text/*".to_owned()] } else { Vec::new() };
    PluginDescription {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        accepts,
        ..PluginDescription::default()
    }
}

/// A set of scripted plugins.
#[derive(Debug, Clone)]
pub struct ScriptedSet {
    /// The set's number.
    pub generation: u64,
    /// The analyzers.
    pub analyzers: ScriptedAnalyzers,
    /// The matchers.
    pub matchers: ScriptedMatchers,
    /// The embedder, if there is one.
    pub embedders: Option<ScriptedEmbedders>,
    /// The plugins reported as loaded.
    pub plugins: Vec<LoadedPlugin>,
    /// The plugins reported as rejected.
    pub rejected: Vec<PluginProblem>,
    /// The golden cases that plugins carry, by plugin name.
    pub cases: BTreeMap<String, Vec<CaseFile>>,
}

impl Default for ScriptedSet {
    /// Generation 1 with the scripted analyzer and matcher.
    fn default() -> Self {
        let loaded = |name: &str, world: &str| LoadedPlugin {
            identity: identity(name),
            description: description(name),
            world: world.to_owned(),
            from_cache: false,
            origin: PluginOrigin::Shipped,
            replaces: None,
            signer: Signer::Program,
            verified: Vec::new(),
        };
        Self {
            generation: 1,
            analyzers: ScriptedAnalyzers::default(),
            matchers: ScriptedMatchers::default(),
            embedders: None,
            plugins: vec![
                loaded("scripted-analyzer", "grimoire:analyzer@0.1.0"),
                loaded("scripted-matcher", "grimoire:matcher@0.1.0"),
            ],
            rejected: Vec::new(),
            cases: BTreeMap::new(),
        }
    }
}

impl ScriptedSet {
    /// A plugin with this generation's digest: each generation has its own builds.
    fn build(&self, plugin: PluginIdentity) -> PluginIdentity {
        PluginIdentity { digest: format!("{:064x}", self.generation), ..plugin }
    }

    fn built(&self, mut analysis: Analysis) -> Analysis {
        for findings in &mut analysis.findings {
            findings.plugin = self.build(findings.plugin.clone());
        }
        analysis
    }
}

#[async_trait]
impl Analyzers for ScriptedSet {
    async fn analyze_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        content: ByteStream,
    ) -> Result<Analysis, PortError> {
        Ok(self.built(self.analyzers.analyze_routed(artifact, routing, content).await?))
    }

    async fn guess_routed(
        &self,
        artifact: &Artifact,
        routing: &AnalyzerRouting,
        excerpt: Excerpt,
    ) -> Result<Analysis, PortError> {
        Ok(self.built(self.analyzers.guess_routed(artifact, routing, excerpt).await?))
    }
}

#[async_trait]
impl Matchers for ScriptedSet {
    fn prepared_form(&self, matcher: &str) -> Option<String> {
        self.matchers.prepared_form(matcher)
    }

    async fn prepare_spells(
        &self,
        matcher: &str,
        spells: Vec<Arc<Spell>>,
    ) -> Result<Vec<Arc<[u8]>>, PluginError> {
        self.matchers.prepare_spells(matcher, spells).await
    }

    async fn score_prepared(
        &self,
        matcher: &str,
        diagnostic: &Diagnostic,
        candidates: &[Candidate],
        prepared: &PreparedSpells,
    ) -> Result<Judgement, PluginError> {
        let judgement = self.matchers.score_prepared(matcher, diagnostic, candidates, prepared).await?;
        Ok(Judgement { plugin: self.build(judgement.plugin), ..judgement })
    }
}

#[async_trait]
impl Embedders for ScriptedSet {
    fn space(&self, embedder: &str) -> Option<VectorSpace> {
        self.embedders.as_ref()?.space(embedder)
    }

    async fn embed(
        &self,
        embedder: &str,
        subject: Subject,
        texts: Vec<String>,
    ) -> Result<Embedding, PluginError> {
        match &self.embedders {
            Some(embedders) => {
                let embedding = embedders.embed(embedder, subject, texts).await?;
                Ok(Embedding { plugin: self.build(embedding.plugin), ..embedding })
            }
            None => Err(PluginError(PluginProblem {
                plugin: embedder.to_owned(),
                reason: FailureReason::Refused,
                detail: "is not loaded".to_owned(),
            })),
        }
    }
}

impl PluginSet for ScriptedSet {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn plugins(&self) -> Vec<LoadedPlugin> {
        self.plugins.clone()
    }

    fn rejected(&self) -> Vec<PluginProblem> {
        self.rejected.clone()
    }

    fn cases(&self, plugin: &str) -> Vec<CaseFile> {
        self.cases.get(plugin).cloned().unwrap_or_default()
    }
}

/// Plugins whose current set a test may replace. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct ScriptedPlugins {
    current: Arc<Mutex<ScriptedSet>>,
    statistics: Arc<Mutex<BTreeMap<String, PluginStatistics>>>,
    outcomes: Arc<Mutex<BTreeMap<String, BTreeMap<&'static str, u64>>>>,
    /// A test that holds the lock makes preparations wait.
    gate: Arc<Mutex<()>>,
    /// The number of the current set.
    number: Arc<watch::Sender<u64>>,
    notices: Vec<String>,
}

impl ScriptedPlugins {
    /// Plugins with this set, until it is replaced.
    pub fn new(set: ScriptedSet) -> Self {
        Self { current: Arc::new(Mutex::new(set)), ..Self::default() }
    }

    /// The default set with other analyzers.
    pub fn analyzing(analyzers: ScriptedAnalyzers) -> Self {
        Self::new(ScriptedSet { analyzers, ..ScriptedSet::default() })
    }

    /// The default set with other matchers.
    pub fn matching(matchers: ScriptedMatchers) -> Self {
        Self::new(ScriptedSet { matchers, ..ScriptedSet::default() })
    }

    /// Adds notices of the host.
    #[must_use]
    pub fn with_notices(self, notices: Vec<String>) -> Self {
        Self { notices, ..self }
    }

    /// The running set.
    pub fn current_set(&self) -> ScriptedSet {
        lock(&self.current).clone()
    }

    /// Makes every preparation wait until the returned value is dropped.
    pub fn hold(&self) -> impl Send + 'static {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let (held, is_held) = std::sync::mpsc::channel::<()>();
        let gate = Arc::clone(&self.gate);
        std::thread::spawn(move || {
            let _gate = lock(&gate);
            let _ = held.send(());
            let _ = receiver.recv();
        });
        let _ = is_held.recv();
        sender
    }

    /// Sets the statistics of a plugin.
    pub fn set_statistics(&self, plugin: &str, statistics: PluginStatistics) {
        lock(&self.statistics).insert(plugin.to_owned(), statistics);
    }

    /// Says from now on that the calls of a plugin ended so.
    pub fn set_outcomes(&self, plugin: &str, outcomes: BTreeMap<&'static str, u64>) {
        lock(&self.outcomes).insert(plugin.to_owned(), outcomes);
    }

    /// Replaces the current set.
    pub fn replace(&self, set: ScriptedSet) {
        let number = set.generation;
        *lock(&self.current) = set;
        self.number.send_replace(number);
    }
}

impl Plugins for ScriptedPlugins {
    fn current(&self) -> Arc<dyn PluginSet> {
        Arc::new(lock(&self.current).clone())
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    fn statistics(&self, plugin: &str) -> PluginStatistics {
        lock(&self.statistics).get(plugin).cloned().unwrap_or_default()
    }

    fn evidence(&self, plugin: &str) -> PluginEvidence {
        let outcomes = lock(&self.outcomes).get(plugin).cloned().unwrap_or_default();
        PluginEvidence { outcomes, ..PluginEvidence::default() }
    }

    fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }

    /// Loads every component except those that begin with `bad`. A name that contains `analyzer` makes an analyzer, any
    /// other a matcher. The text after a component's first line is its golden cases. A component whose text is `silent`
    /// makes the set's matchers, or its analyzers, show nothing, one whose text is `trapping` makes them trap; an analyzer
    /// `adding` finds one error in addition to those of the others.
    fn prepare(&self, sources: Vec<PluginSource>) -> Result<Box<dyn PreparedPlugins>, PortError> {
        drop(lock(&self.gate));
        let before = lock(&self.current).clone();
        let generation = before.generation + 1;
        let mut set = ScriptedSet { generation, plugins: Vec::new(), rejected: Vec::new(), ..before };
        for source in sources {
            let component = match &source.component {
                ComponentSource::Bytes(bytes) => bytes.to_vec(),
                ComponentSource::File(path) => path.to_string_lossy().into_owned().into_bytes(),
            };
            if component.starts_with(b"bad") {
                set.rejected.push(PluginProblem {
                    plugin: source.name,
                    reason: FailureReason::Refused,
                    detail: "is not a valid component".to_owned(),
                });
                continue;
            }
            let text = String::from_utf8_lossy(&component);
            let is_analyzer = source.name.contains("analyzer");
            match (&*text, is_analyzer) {
                ("silent", false) => set.matchers = ScriptedMatchers::new(|_, _| Ok(Vec::new())),
                ("silent", true) => set.analyzers = ScriptedAnalyzers::new(|_, _| Ok(Vec::new())),
                ("trapping", false) => set.matchers = ScriptedMatchers::failing(FailureReason::Trap),
                ("trapping", true) => set.analyzers = ScriptedAnalyzers::failing(&source.name),
                ("adding", true) => set.analyzers = ScriptedAnalyzers::adding(&source.name),
                _ => {}
            }
            if let Some((_, cases)) = text.split_once('\n') {
                let file = CaseFile { name: "cases.md".to_owned(), text: cases.to_owned() };
                set.cases.insert(source.name.clone(), vec![file]);
            }
            let mut hasher = DefaultHasher::new();
            component.hash(&mut hasher);
            let world = if is_analyzer { "analyzer" } else { "matcher" };
            set.plugins.push(LoadedPlugin {
                description: description(&source.name),
                identity: PluginIdentity {
                    digest: format!("{:016x}", hasher.finish()).repeat(4),
                    name: source.name,
                },
                world: format!("grimoire:{world}@0.1.0"),
                from_cache: false,
                origin: source.origin,
                replaces: source.replaces,
                signer: Signer::Nobody,
                verified: vec!["as the script says".to_owned()],
            });
        }
        Ok(Box::new(ScriptedPreparation { plugins: self.clone(), set }))
    }
}

struct ScriptedPreparation {
    plugins: ScriptedPlugins,
    set: ScriptedSet,
}

impl PreparedPlugins for ScriptedPreparation {
    fn set(&self) -> Arc<dyn PluginSet> {
        Arc::new(self.set.clone())
    }

    fn run(self: Box<Self>) -> Result<(), PortError> {
        let mut current = lock(&self.plugins.current);
        if current.generation + 1 != self.set.generation {
            return Err(PortError::new(ErrorKind::Conflict, "another set began to run meanwhile"));
        }
        let number = self.set.generation;
        *current = self.set;
        self.plugins.number.send_replace(number);
        Ok(())
    }
}
