//! The second way to candidates: an embedder's vectors.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::kind::ErrorKind;
use grimoire_domain::ranking::keyword_verdicts;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{PluginIdentity, PluginProblem};
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::{FailurePolicy, Settings, SpellPatch};
use grimoire_ports::fakes::{
    MemoryFile, MemoryFiles, ScriptedEmbedders, ScriptedMatchers, ScriptedPlugins, ScriptedSet,
};
use grimoire_ports::plugins::LoadedPlugin;
use grimoire_ports::plugins::embedder::Subject;
use tokio_util::sync::CancellationToken;

use crate::world::{World, spell_about};

/// One direction for everything about tea, and another for the rest.
fn direction(text: &str) -> Vec<f32> {
    let is_about_tea = ["kettle", "samovar", "teapot"].iter().any(|word| text.contains(word));
    if is_about_tea { vec![0.8, 0.6] } else { vec![0.0, -1.0] }
}

/// An embedder that knows what is about tea, whose vectors lie in the space of this name.
fn about_tea(space: &str) -> ScriptedEmbedders {
    ScriptedEmbedders::new(space, 2, |_, text| Ok(direction(text)))
}

fn problem(reason: FailureReason) -> PluginProblem {
    let plugin = ScriptedEmbedders::NAME.to_owned();
    PluginProblem { plugin, reason, detail: "as the script says".to_owned() }
}

/// What a matcher was given: the candidates with their similarities.
type Asked = Arc<Mutex<Vec<(SpellId, Option<f64>)>>>;

/// A set with an embedder, and a matcher that notes its candidates.
fn set(generation: u64, embedder: &ScriptedEmbedders, asked: &Asked) -> ScriptedSet {
    let asked = Arc::clone(asked);
    let matchers = ScriptedMatchers::new(move |_, candidates| {
        *asked.lock().expect("no panic") =
            candidates.iter().map(|candidate| (candidate.spell.id, candidate.evidence.similarity)).collect();
        Ok(keyword_verdicts(candidates))
    });
    let mut set =
        ScriptedSet { generation, matchers, embedders: Some(embedder.clone()), ..ScriptedSet::default() };
    let like = set.plugins[0].clone();
    set.plugins.push(LoadedPlugin {
        identity: PluginIdentity { name: ScriptedEmbedders::NAME.to_owned(), ..like.identity.clone() },
        world: "grimoire:embedder@0.1.0".to_owned(),
        ..like
    });
    set
}

fn settings() -> Settings {
    Settings { embedder: Some(ScriptedEmbedders::NAME.to_owned()), ..Settings::default() }
}

/// A world with the embedder, and what its matcher is given.
struct Tea {
    world: World,
    plugins: ScriptedPlugins,
    embedder: ScriptedEmbedders,
    files: MemoryFiles,
    file: MemoryFile,
    asked: Asked,
}

impl Tea {
    fn new() -> Self {
        Self::with(settings(), about_tea("a"))
    }

    fn with(settings: Settings, embedder: ScriptedEmbedders) -> Self {
        let (asked, files) = (Asked::default(), MemoryFiles::default());
        let plugins = ScriptedPlugins::new(set(1, &embedder, &asked));
        let (running, kept) = (plugins.clone(), files.clone());
        let world = World::with(settings, |ports| {
            ports.plugins = Arc::new(running);
            ports.derived_files = Some(Arc::new(kept));
        });
        let file = files.of("vectors");
        Self { world, plugins, embedder, files, file, asked }
    }

    async fn create(&self, fields: SpellFields) -> SpellId {
        self.world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
    }

    async fn patch(&self, spell: SpellId, patch: SpellPatch) {
        self.world.pipeline.patch_spell(spell, patch, None, &Actor::COMMAND_LINE).await.expect("changed");
    }

    /// The candidates for an error that shares no word with any spell.
    async fn candidates(&self) -> Vec<(SpellId, Option<f64>)> {
        self.candidates_in(None).await
    }

    async fn candidates_in(&self, repository: Option<&str>) -> Vec<(SpellId, Option<f64>)> {
        self.asked.lock().expect("no panic").clear();
        let repository = repository.map(|name| RepositoryName::parse(name).expect("a name"));
        let judge = self.world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
        judge.for_repository(repository).match_diagnostic(&error()).await.expect("matched");
        self.asked.lock().expect("no panic").clone()
    }

    /// The spells that were embedded since the last call, by the first lines of their texts.
    fn embedded_spells(&self) -> Vec<String> {
        let texts = self.embedder.take_texts().into_iter();
        let spells = texts.filter(|(subject, _)| *subject == Subject::Spell);
        spells.map(|(_, text)| text.lines().next().unwrap_or_default().to_owned()).collect()
    }
}

fn error() -> Diagnostic {
    Diagnostic { tool: "log".to_owned(), message: "the teapot is cold".to_owned(), ..Diagnostic::default() }
}

/// 0.8 · 0.8 + 0.6 · 0.6, in the precision of the vectors.
fn is_similar((_, similarity): &(SpellId, Option<f64>)) -> bool {
    similarity.is_some_and(|similarity| (similarity - 1.0).abs() < 1e-6)
}

#[tokio::test]
async fn a_spell_that_shares_no_word_with_the_error_is_a_candidate_by_its_vector() {
    let tea = Tea::new();
    let kettle = tea.create(spell_about("kettle")).await;
    tea.create(spell_about("linker")).await;
    let candidates = tea.candidates().await;
    assert_eq!(candidates.iter().map(|(spell, _)| *spell).collect::<Vec<_>>(), [kettle]);
    assert!(is_similar(&candidates[0]), "{candidates:?}");
}

#[tokio::test]
async fn an_answer_names_the_embedder_that_took_part() {
    let tea = Tea::new();
    tea.create(spell_about("kettle")).await;
    let judge = tea.world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let report = judge.match_diagnostic(&error()).await.expect("matched");
    let names: Vec<_> = report.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(names, ["scripted-embedder", "scripted-matcher"]);
}

#[tokio::test]
async fn candidates_of_the_search_have_their_similarity_too() {
    let tea = Tea::new();
    let teapot = tea.create(spell_about("teapot")).await;
    let cold = tea.create(spell_about("cold")).await;
    let candidates = tea.candidates().await;
    let of = |wanted: SpellId| {
        let similarity = candidates.iter().find(|(spell, _)| *spell == wanted).expect("a candidate").1;
        similarity.expect("it has a vector")
    };
    assert!((of(teapot) - 1.0).abs() < 1e-6 && (of(cold) + 0.6).abs() < 1e-6, "{candidates:?}");
}

#[tokio::test]
async fn without_the_setting_nothing_is_embedded() {
    let tea = Tea::with(Settings::default(), about_tea("a"));
    tea.create(spell_about("kettle")).await;
    let teapot = tea.create(spell_about("teapot")).await;
    assert_eq!(tea.candidates().await, [(teapot, None)]);
    assert_eq!(tea.embedder.take_texts(), []);
    assert_eq!(tea.file.content(), None);
}

#[tokio::test]
async fn only_what_changes_a_text_is_embedded_again() {
    let tea = Tea::new();
    let kettle = tea.create(spell_about("kettle")).await;
    tea.create(spell_about("linker")).await;
    tea.candidates().await;
    assert_eq!(tea.embedded_spells(), ["About kettle", "About linker"]);

    let solution = SpellPatch { solution_code: Some("another".to_owned()), ..SpellPatch::default() };
    tea.patch(kettle, solution).await;
    assert!(
        is_similar(&tea.candidates().await[0]),
        "the vector of the same text is that of the new revision"
    );
    assert_eq!(tea.embedded_spells(), [""; 0]);

    let title = SpellPatch { title: Some("A samovar".to_owned()), ..SpellPatch::default() };
    tea.patch(kettle, title).await;
    tea.candidates().await;
    assert_eq!(tea.embedded_spells(), ["A samovar"]);
}

#[tokio::test]
async fn a_spell_that_is_not_offered_is_no_candidate_however_similar() {
    let tea = Tea::new();
    let retired = tea.create(spell_about("kettle")).await;
    let deleted = tea.create(spell_about("samovar")).await;
    let scoped = SpellFields {
        scope: Scope::parse("octo/app").expect("a scope"),
        title: "Kettles of octo".to_owned(),
        ..spell_about("kettle")
    };
    let scoped = tea.create(scoped).await;
    assert_eq!(tea.candidates().await.len(), 2);
    let retire = SpellPatch { status: Some(SpellStatus::Retired), ..SpellPatch::default() };
    tea.patch(retired, retire).await;
    tea.world.pipeline.delete_spell(deleted, None, &Actor::COMMAND_LINE).await.expect("deleted");
    assert_eq!(tea.candidates().await, []);
    let offered = tea.candidates_in(Some("octo/app")).await;
    assert_eq!(offered.iter().map(|(spell, _)| *spell).collect::<Vec<_>>(), [scoped]);
}

#[tokio::test]
async fn vectors_outlive_the_process_and_a_damaged_file_is_made_again() {
    let tea = Tea::new();
    tea.create(spell_about("kettle")).await;
    tea.candidates().await;
    let file = tea.file.content().expect("the vectors were written");

    for (content, embedded) in [(file.clone(), &[][..]), (vec![b'?'; 400], &["About kettle"])] {
        tea.file.set_content(content);
        let embedder = about_tea("a");
        let (plugins, kept) = (ScriptedPlugins::new(set(1, &embedder, &tea.asked)), tea.files.clone());
        let pipeline = World::with(settings(), |ports| {
            ports.store = Arc::new(tea.world.store.clone());
            ports.plugins = Arc::new(plugins);
            ports.derived_files = Some(Arc::new(kept));
        });
        let again = Tea { world: pipeline, embedder, ..Tea::new() };
        let again = Tea { asked: Arc::clone(&tea.asked), ..again };
        assert!(is_similar(&again.candidates().await[0]));
        assert_eq!(again.embedded_spells(), embedded);
        assert_eq!(tea.file.content().as_ref(), Some(&file));
    }
}

#[tokio::test]
async fn a_text_that_the_embedder_cannot_read_keeps_no_other_spell_from_being_found() {
    let embedder = ScriptedEmbedders::new("a", 2, |_, text| {
        if text.contains("poison") { Err(problem(FailureReason::Trap)) } else { Ok(direction(text)) }
    });
    let tea = Tea::with(settings(), embedder);
    tea.create(spell_about("poison")).await;
    let kettle = tea.create(spell_about("kettle")).await;
    assert_eq!(tea.candidates().await.first().map(|(spell, _)| *spell), Some(kettle));
}

#[tokio::test]
async fn an_embedder_that_fails_is_named_and_the_words_still_find() {
    let embedder = ScriptedEmbedders::new("a", 2, |subject, text| match subject {
        Subject::Spell => Ok(direction(text)),
        Subject::Error => Err(problem(FailureReason::Timeout)),
    });
    let tea = Tea::with(settings(), embedder.clone());
    tea.create(spell_about("kettle")).await;
    let teapot = tea.create(spell_about("teapot")).await;
    assert_eq!(tea.candidates().await, [(teapot, None)]);
    let judge = tea.world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let report = judge.match_diagnostic(&error()).await.expect("matched");
    assert_eq!(report.problems, [problem(FailureReason::Timeout)]);

    let policies = [(ScriptedEmbedders::NAME.to_owned(), FailurePolicy::Fail)].into();
    let tea = Tea::with(Settings { failure_policies: policies, ..settings() }, embedder);
    tea.create(spell_about("teapot")).await;
    let judge = tea.world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let refused = judge.match_diagnostic(&error()).await.expect_err("there is no answer without it");
    assert_eq!(refused.kind(), ErrorKind::Timeout);
}

/// While another embedder takes the place of the running one, errors are compared with the vectors there are, by the
/// embedder that made them; then all at once by the new one.
#[tokio::test]
async fn a_replaced_embedder_works_until_the_next_has_embedded_every_spell() {
    let tea = Tea::new();
    tea.create(spell_about("kettle")).await;
    let shutdown = CancellationToken::new();
    let following = {
        let (pipeline, shutdown) = (tea.world.pipeline.clone(), shutdown.clone());
        tokio::spawn(async move { pipeline.follow_spells_with_vectors(shutdown).await })
    };
    let answered_by = async || {
        let judge = tea.world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
        let report = judge.match_diagnostic(&error()).await.expect("matched");
        let plugin = report.plugins.into_iter().find(|plugin| plugin.name == ScriptedEmbedders::NAME);
        plugin.and_then(|plugin| plugin.digest.trim_start_matches('0').parse::<u64>().ok())
    };
    let until = async |wanted| {
        while answered_by().await != Some(wanted) {
            tokio::task::yield_now().await;
        }
    };
    until(1).await;

    let (can_embed, tried) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (allowed, noted) = (Arc::clone(&can_embed), Arc::clone(&tried));
    let next = ScriptedEmbedders::new("b", 3, move |_, text| {
        noted.store(true, Ordering::SeqCst);
        if !allowed.load(Ordering::SeqCst) {
            return Err(problem(FailureReason::Trap));
        }
        let [x, y] = direction(text)[..] else { panic!("two components") };
        Ok(vec![0.0, x, y])
    });
    tea.plugins.replace(set(2, &next, &tea.asked));
    while !tried.load(Ordering::SeqCst) {
        assert_eq!(answered_by().await, Some(1));
        tokio::task::yield_now().await;
    }
    assert!(is_similar(&tea.candidates().await[0]), "the vectors of the first are there");
    let health = tea.world.pipeline.plugins_health().detail;
    assert!(health.contains("scripted-embedder"), "{health}");

    can_embed.store(true, Ordering::SeqCst);
    until(2).await;
    assert!(is_similar(&tea.candidates().await[0]), "those of the second took their place");

    let samovar = tea.create(spell_about("samovar")).await;
    while !tea.candidates().await.iter().any(|(spell, _)| *spell == samovar) {
        tokio::task::yield_now().await;
    }
    shutdown.cancel();
    following.await.expect("it ends");
}
