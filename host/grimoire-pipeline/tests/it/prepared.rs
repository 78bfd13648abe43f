//! Spells in the form in which the matcher prepared them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::Panel;
use grimoire_domain::review::PluginProblem;
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::{Pipeline, Preparation, Settings, SpellPatch};
use grimoire_ports::fakes::{MemoryFiles, MemorySearch, ScriptedMatchers, ScriptedPlugins, ScriptedSet};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::world::{World, spell_about};

const MATCHER: &str = "scripted-matcher";

/// A matcher that prepares spells by their titles in capitals.
fn capitals(form: &str) -> ScriptedMatchers {
    ScriptedMatchers::default().preparing(form, |spell| Ok(spell.fields.title.to_uppercase().into_bytes()))
}

fn set(generation: u64, matchers: &ScriptedMatchers) -> ScriptedSet {
    ScriptedSet { generation, matchers: matchers.clone(), ..ScriptedSet::default() }
}

/// A service whose matcher may prepare spells.
struct Tea {
    world: World,
    plugins: ScriptedPlugins,
    matchers: ScriptedMatchers,
    files: MemoryFiles,
    shutdown: CancellationToken,
    following: JoinHandle<()>,
}

impl Tea {
    fn new(matchers: ScriptedMatchers) -> Self {
        Self::with(matchers, MemoryFiles::default(), None)
    }

    /// With the files and the store of another one.
    fn with(matchers: ScriptedMatchers, files: MemoryFiles, before: Option<&World>) -> Self {
        Self::keeping(Settings::default().prepared_spells, matchers, files, before)
    }

    /// With at most so many prepared spells.
    fn keeping(
        prepared_spells: usize,
        matchers: ScriptedMatchers,
        files: MemoryFiles,
        before: Option<&World>,
    ) -> Self {
        let plugins = ScriptedPlugins::new(set(1, &matchers));
        let (running, kept) = (plugins.clone(), files.clone());
        let settings = Settings { matcher: Panel::one(MATCHER), prepared_spells, ..Settings::default() };
        let world = World::with(settings, |ports| {
            ports.plugins = Arc::new(running);
            ports.derived_files = Some(Arc::new(kept));
            if let Some(before) = before {
                ports.store = Arc::new(before.store.clone());
                ports.search = Arc::new(MemorySearch::new(before.store.clone()));
            }
        });
        let shutdown = CancellationToken::new();
        let following = {
            let (pipeline, shutdown) = (world.pipeline.clone(), shutdown.clone());
            tokio::spawn(async move { pipeline.follow_spells_with_matchers(shutdown).await })
        };
        Self { world, plugins, matchers, files, shutdown, following }
    }

    fn pipeline(&self) -> &Pipeline {
        &self.world.pipeline
    }

    async fn create(&self, fields: SpellFields) -> SpellId {
        self.pipeline().create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
    }

    async fn patch(&self, spell: SpellId, patch: SpellPatch) {
        self.pipeline().patch_spell(spell, patch, None, &Actor::COMMAND_LINE).await.expect("changed");
    }

    /// What the matcher gets in place of a spell for an error that all spells about teapots share words with.
    async fn given(&self, spell: SpellId) -> Option<String> {
        let judge = self.pipeline().judge(&Actor::COMMAND_LINE).expect("allowed");
        let report = judge.match_diagnostic(&error()).await.expect("matched");
        assert!(!report.degraded, "{:?}", report.problems);
        self.matchers.given().get(&spell).map(|form| String::from_utf8_lossy(form).into_owned())
    }

    async fn until_given(&self, spell: SpellId, wanted: Option<&str>) {
        while self.given(spell).await.as_deref() != wanted {
            tokio::task::yield_now().await;
        }
    }

    async fn preparation(&self) -> Option<Preparation> {
        let details = self.pipeline().plugin_details(MATCHER, &Actor::COMMAND_LINE).await;
        details.expect("it is loaded").preparation
    }

    async fn end(self) -> (World, MemoryFiles) {
        self.shutdown.cancel();
        self.following.await.expect("it ends");
        (self.world, self.files)
    }
}

fn error() -> Diagnostic {
    Diagnostic { tool: "log".to_owned(), message: "the teapot is cold".to_owned(), ..Diagnostic::default() }
}

fn titled(title: &str) -> SpellPatch {
    SpellPatch { title: Some(title.to_owned()), ..SpellPatch::default() }
}

#[tokio::test]
async fn a_matcher_gets_what_it_prepared_of_the_present_revision() {
    let tea = Tea::new(capitals("a"));
    let teapot = tea.create(spell_about("teapot")).await;
    tea.until_given(teapot, Some("ABOUT TEAPOT")).await;
    tea.patch(teapot, titled("A teapot")).await;
    // At no time what was prepared of the revision before.
    loop {
        match tea.given(teapot).await.as_deref() {
            None => tokio::task::yield_now().await,
            Some("A TEAPOT") => break,
            Some(other) => panic!("an outdated form: {other}"),
        }
    }
    let prepared = tea.preparation().await.expect("it prepares");
    assert_eq!(prepared, Preparation { spells: 1, bytes: 8, ..Preparation::default() });

    let retire = SpellPatch { status: Some(SpellStatus::Retired), ..SpellPatch::default() };
    tea.patch(teapot, retire).await;
    while tea.preparation().await != Some(Preparation::default()) {
        tokio::task::yield_now().await;
    }
    tea.end().await;
}

#[tokio::test]
async fn a_spell_that_is_not_prepared_is_passed_as_it_is_written() {
    let tea =
        Tea::new(ScriptedMatchers::default().preparing("a", |spell| match spell.fields.title.as_str() {
            "About teapot" => Ok(b"tea".to_vec()),
            "About samovar" => Ok(Vec::new()),
            _ => Err(PluginProblem {
                plugin: MATCHER.to_owned(),
                reason: FailureReason::Trap,
                detail: "no lid".to_owned(),
            }),
        }));
    let mut spells = Vec::new();
    for thing in ["teapot", "kettle", "samovar"] {
        let fields = spell_about(thing);
        let description = format!("{} Not only the teapot is cold.", fields.description);
        spells.push(tea.create(SpellFields { description, ..fields }).await);
    }
    tea.until_given(spells[0], Some("tea")).await;
    while tea.preparation().await.is_none_or(|prepared| prepared.missing == 0) {
        tokio::task::yield_now().await;
    }
    for other in [spells[1], spells[2]] {
        assert_eq!(tea.given(other).await, None);
    }
    let prepared = tea.preparation().await.expect("it prepares");
    assert_eq!((prepared.spells, prepared.bytes, prepared.missing), (1, 3, 1));
    assert_eq!(prepared.last_problem.expect("a failure").detail, "no lid");

    // A spell that fails alone keeps no later one from being prepared.
    tea.patch(spells[1], titled("Another kettle")).await;
    tea.patch(spells[2], titled("About teapot")).await;
    tea.until_given(spells[2], Some("tea")).await;
    tea.end().await;
}

#[tokio::test]
async fn a_large_spellbook_is_prepared_in_part_and_the_rest_passed_as_it_is_written() {
    let tea = Tea::keeping(1, capitals("a"), MemoryFiles::default(), None);
    let teapot = tea.create(spell_about("teapot")).await;
    tea.until_given(teapot, Some("ABOUT TEAPOT")).await;
    let fields = spell_about("kettle");
    let description = format!("{} Not only the teapot is cold.", fields.description);
    let kettle = tea.create(SpellFields { description, ..fields }).await;
    while tea.preparation().await.is_none_or(|prepared| prepared.missing == 0) {
        tokio::task::yield_now().await;
    }
    assert_eq!(tea.given(kettle).await, None);

    // What is prepared stays prepared when it is changed, and a retired spell makes room for another.
    tea.patch(teapot, titled("A teapot")).await;
    tea.until_given(teapot, Some("A TEAPOT")).await;
    tea.patch(teapot, SpellPatch { status: Some(SpellStatus::Retired), ..SpellPatch::default() }).await;
    tea.patch(kettle, titled("A kettle")).await;
    tea.until_given(kettle, Some("A KETTLE")).await;
    let prepared = tea.preparation().await.expect("it prepares");
    assert_eq!((prepared.spells, prepared.missing), (1, 0));
    assert_eq!(tea.matchers.take_asked(), [teapot, teapot, kettle]);
    tea.end().await;
}

#[tokio::test]
async fn forms_outlive_the_process_and_are_made_again_where_they_are_damaged_or_another_matcher_made_them() {
    let tea = Tea::new(capitals("a"));
    let teapot = tea.create(spell_about("teapot")).await;
    tea.until_given(teapot, Some("ABOUT TEAPOT")).await;
    assert_eq!(tea.matchers.take_asked(), [teapot]);
    let (world, files) = tea.end().await;
    let file = files.of("prepared-scripted-matcher");
    let content = file.content().expect("it was written");

    let none: &[SpellId] = &[];
    for (content, form, asked) in
        [(content.clone(), "a", none), (vec![b'?'; 400], "a", &[teapot][..]), (content, "b", &[teapot][..])]
    {
        file.set_content(content);
        let again = Tea::with(capitals(form), files.clone(), Some(&world));
        again.until_given(teapot, Some("ABOUT TEAPOT")).await;
        assert_eq!(again.matchers.take_asked(), asked);
        again.end().await;
    }
}

#[tokio::test]
async fn a_replaced_matcher_gets_nothing_that_its_predecessor_prepared() {
    let tea = Tea::new(capitals("a"));
    let teapot = tea.create(spell_about("teapot")).await;
    tea.until_given(teapot, Some("ABOUT TEAPOT")).await;

    let can_prepare = Arc::new(AtomicBool::new(false));
    let allowed = Arc::clone(&can_prepare);
    let next = ScriptedMatchers::default().preparing("b", move |_| {
        if allowed.load(Ordering::SeqCst) {
            return Ok(b"next".to_vec());
        }
        let detail = "not yet".to_owned();
        Err(PluginProblem { plugin: MATCHER.to_owned(), reason: FailureReason::Trap, detail })
    });
    tea.plugins.replace(set(2, &next));
    let tea = Tea { matchers: next, ..tea };
    while tea.matchers.take_asked().is_empty() {
        assert_eq!(tea.given(teapot).await, None, "the first one's form is not the second one's");
    }
    assert_eq!(tea.preparation().await, None);
    can_prepare.store(true, Ordering::SeqCst);
    tea.until_given(teapot, Some("next")).await;

    let plain = ScriptedMatchers::default();
    tea.plugins.replace(set(3, &plain));
    let tea = Tea { matchers: plain, ..tea };
    assert_eq!(tea.given(teapot).await, None);
    assert_eq!(tea.preparation().await, None, "the third prepares nothing");
    tea.end().await;
}

#[tokio::test]
async fn a_command_prepares_nothing() {
    let matchers = capitals("a");
    let plugins = ScriptedPlugins::matching(matchers.clone());
    let world = World::with(Settings { matcher: Panel::one(MATCHER), ..Settings::default() }, |ports| {
        ports.plugins = Arc::new(plugins);
    });
    world.pipeline.create_spell(spell_about("teapot"), &Actor::COMMAND_LINE).await.expect("valid");
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    judge.match_diagnostic(&error()).await.expect("matched");
    assert_eq!(matchers.take_asked(), []);
    assert!(matchers.given().is_empty());
}
