//! Spells are shown only with evidence, are candidates even if the search misses them, and find their own errors.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::{Confidence, Diagnostic, Location, Role, Severity, Span};
use grimoire_domain::failure_reason::FailureReason;
use grimoire_domain::ranking::Verdict;
use grimoire_domain::spell::{SpellFields, SpellId, SpellStatus};
use grimoire_pipeline::{CountedDiagnostic, Settings, SpellPatch};
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedPlugins};

use crate::world::{World, spell_about};

/// A matcher that would show everything.
fn credulous() -> ScriptedMatchers {
    ScriptedMatchers::new(|_, candidates| {
        let verdict = |candidate| Verdict { candidate, score: 1.0, shown: true, reasons: Vec::new() };
        Ok((0..candidates.len()).map(verdict).collect())
    })
}

fn error(message: &str) -> Diagnostic {
    Diagnostic { tool: "log".to_owned(), message: message.to_owned(), ..Diagnostic::default() }
}

fn spell(error_type: &str, pattern: &str, tags: &[&str]) -> SpellFields {
    SpellFields {
        title: format!("About {error_type}"),
        description: "What it means.".to_owned(),
        error_type: error_type.to_owned(),
        error_pattern: pattern.to_owned(),
        solution_code: "mend it".to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..SpellFields::default()
    }
}

async fn create(world: &World, fields: SpellFields) -> SpellId {
    world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
}

async fn shown(world: &World, diagnostic: &Diagnostic) -> Vec<SpellId> {
    let report = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .match_diagnostic(diagnostic)
        .await
        .expect("matched");
    report.spells.iter().map(|spell| spell.id).collect()
}

async fn decision(world: &World, diagnostic: &Diagnostic, spell: SpellId) -> &'static str {
    let explanation = world
        .pipeline
        .judge(&Actor::COMMAND_LINE)
        .expect("allowed")
        .explain(diagnostic, Some(spell))
        .await
        .expect("explained");
    explanation.spells.iter().find(|explained| explained.id == spell).expect("a candidate").decision
}

#[tokio::test]
async fn without_evidence_nothing_is_shown_whatever_a_matcher_says() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let by_pattern = create(&world, spell("panic", "the reactor is not running", &["rust"])).await;
    let by_code =
        create(&world, SpellFields { covers_code: true, ..spell("E0382", "moved value", &["rust"]) }).await;
    let broad = create(&world, spell("E0277", "cannot be sent between threads", &["rust"])).await;
    let weak = create(&world, spell("quokka", "error: .+", &[])).await;

    let reactor = error("the reactor is not running");
    assert_eq!(shown(&world, &reactor).await, [by_pattern]);
    assert_eq!(decision(&world, &reactor, by_pattern).await, "pattern");
    assert_eq!(decision(&world, &reactor, weak).await, "weak-pattern");
    assert_eq!(decision(&world, &reactor, broad).await, "pattern-missed");

    let with_code =
        |code: &str| Diagnostic { code: Some(code.to_owned()), ..error("quokka sandwich is purple") };
    assert_eq!(shown(&world, &with_code("E0382")).await, [by_code]);
    assert_eq!(decision(&world, &with_code("E0382"), by_code).await, "code");
    assert_eq!(shown(&world, &with_code("E0277")).await, []);
    assert_eq!(decision(&world, &with_code("E0277"), broad).await, "broad-code");

    let python = Diagnostic { tool: "pytest".to_owned(), ..reactor.clone() };
    assert_eq!(shown(&world, &python).await, []);
    assert_eq!(decision(&world, &python, by_pattern).await, "other-language");

    let guess = Diagnostic { confidence: Confidence::Guess, ..with_code("E0382") };
    assert_eq!(shown(&world, &guess).await, []);
    assert_eq!(decision(&world, &guess, by_code).await, "guess");
}

#[tokio::test]
async fn keyword_order_shows_nothing_without_evidence() {
    let world = World::with(Settings { threshold: 0.0, ..Settings::default() }, |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::failing(FailureReason::Trap)));
    });
    let fits = create(&world, spell_about("linker")).await;
    create(&world, spell("linker-b", "something about a linker that is not there", &[])).await;
    assert_eq!(shown(&world, &error("linker failed")).await, [fits]);
}

#[tokio::test]
async fn a_spell_that_search_does_not_offer_is_asked_as_soon_as_its_pattern_is_found() {
    let settings = Settings { candidates: 1, ..Settings::default() };
    let world =
        World::with(settings, |ports| ports.plugins = Arc::new(ScriptedPlugins::matching(credulous())));
    // The search returns only this spell, which shares every word and whose pattern does not match.
    let words = SpellFields {
        description: "words quokka sandwich purple umbrella tonight".to_owned(),
        ..spell("words", "no such text", &[])
    };
    create(&world, words).await;
    let diagnostic = error("words quokka sandwich purple umbrella tonight");
    assert_eq!(shown(&world, &diagnostic).await, []);

    let asked = create(&world, spell("asked", "(?i)SANDWICH purple um[b-z]", &[])).await;
    assert_eq!(shown(&world, &diagnostic).await, [asked]);
    // The patterns follow every change of the spellbook.
    let patch = SpellPatch { error_pattern: Some("umbrella tomorrow".to_owned()), ..SpellPatch::default() };
    world.pipeline.patch_spell(asked, patch, None, &Actor::COMMAND_LINE).await.expect("patched");
    assert_eq!(shown(&world, &diagnostic).await, []);
    let patch = SpellPatch { error_pattern: Some("umbrella to".to_owned()), ..SpellPatch::default() };
    world.pipeline.patch_spell(asked, patch, None, &Actor::COMMAND_LINE).await.expect("patched");
    assert_eq!(shown(&world, &diagnostic).await, [asked]);
    let retired = SpellPatch { status: Some(SpellStatus::Retired), ..SpellPatch::default() };
    world.pipeline.patch_spell(asked, retired, None, &Actor::COMMAND_LINE).await.expect("patched");
    assert_eq!(shown(&world, &diagnostic).await, []);
    assert_eq!(decision(&world, &diagnostic, asked).await, "inactive");
}

#[tokio::test]
async fn of_patterns_found_in_one_place_the_one_that_names_more_is_right() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let general = create(&world, spell("ModuleNotFoundError", r"No module named '\w+", &["python"])).await;
    let special =
        create(&world, spell("ModuleNotFoundError", "No module named 'distutils", &["python"])).await;
    assert_eq!(shown(&world, &error("No module named 'distutils'")).await, [special]);
    assert_eq!(shown(&world, &error("No module named 'requests'")).await, [general]);
    assert_eq!(decision(&world, &error("No module named 'distutils'"), general).await, "less-specific");
}

#[tokio::test]
async fn what_stands_around_an_error_yields_to_what_its_message_says() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let in_message = create(&world, spell("test", "the reactor is not running", &["go"])).await;
    let around = create(&world, spell("test", r"_test\.go:\d+: ", &["go"])).await;
    let failed =
        |message: &str| Diagnostic { context: format!("till_test.go:12: {message}"), ..error(message) };
    assert_eq!(shown(&world, &failed("the reactor is not running")).await, [in_message]);
    assert_eq!(decision(&world, &failed("the reactor is not running"), around).await, "less-specific");
    assert_eq!(shown(&world, &failed("quokka sandwich is purple")).await, [around]);
}

#[tokio::test]
async fn advice_for_own_sources_is_not_shown_for_those_of_a_package() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let own_code = create(&world, spell("E0433", "use of undeclared crate", &["rust", "own-code"])).await;
    let at = |path: &str| Diagnostic {
        location: Some(Location { path: path.to_owned(), start: None, end: None }),
        ..error("use of undeclared crate `quokka`")
    };
    assert_eq!(shown(&world, &at("src/lib.rs")).await, [own_code]);
    let package = at("/home/dev/.cargo/registry/src/index-1/till-1.0.0/src/lib.rs");
    assert_eq!(shown(&world, &package).await, []);
    assert_eq!(decision(&world, &package, own_code).await, "other-code");
}

#[tokio::test]
async fn a_pattern_that_many_spells_share_shows_none_of_them() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let message = "the wick of lamp 3 burns low";
    let mut alike = Vec::new();
    for number in 0..3 {
        alike.push(create(&world, spell(&format!("lamp-{number}"), r"the wick of lamp \d burns", &[])).await);
    }
    assert_eq!(shown(&world, &error(message)).await, alike);
    let one_more = create(&world, spell("lamp-9", r"the wick of lamp \d burns", &[])).await;
    assert_eq!(shown(&world, &error(message)).await, []);
    assert_eq!(decision(&world, &error(message), one_more).await, "alike");
    let special = create(&world, spell("lamp-low", r"the wick of lamp \d burns low", &[])).await;
    assert_eq!(shown(&world, &error(message)).await, [special]);
}

#[tokio::test]
async fn a_tool_does_not_speak_for_another_one() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let conda = create(&world, spell("conda", "nothing provides", &["conda"])).await;
    let unused = create(&world, spell("TS6133", "is declared but never", &["typescript"])).await;
    let of_tool = |tool: &str, message: &str| Diagnostic { tool: tool.to_owned(), ..error(message) };
    assert_eq!(shown(&world, &of_tool("conda", "nothing provides rope")).await, [conda]);
    assert_eq!(shown(&world, &of_tool("dnf", "nothing provides rope")).await, []);
    assert_eq!(decision(&world, &of_tool("dnf", "nothing provides rope"), conda).await, "other-language");
    let with_code =
        |code: &str| Diagnostic { code: Some(code.to_owned()), ..error("lamp is declared but never used") };
    assert_eq!(shown(&world, &with_code("TS6196")).await, [unused]);
    assert_eq!(shown(&world, &with_code("H2164")).await, []);
}

#[tokio::test]
async fn a_pattern_may_ask_for_the_start_of_the_message() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let anchored =
        create(&world, spell("cmake", r"(?m)^\s*Could NOT find OpenSSL \(missing", &["cmake"])).await;
    assert_eq!(
        shown(&world, &error("Could NOT find OpenSSL (missing: OPENSSL_CRYPTO_LIBRARY)")).await,
        [anchored]
    );
}

/// Scans some lines one after the other, given earlier findings.
async fn scanned(world: &World, lines: &str, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut scan = world.pipeline.pattern_scan(None).await.expect("the spellbook can be read");
    let mut start = 0;
    for line in lines.split_inclusive('\n') {
        let end = start + line.len() as u64;
        scan.line(line.trim_end(), start, end);
        start = end;
    }
    let counted = |diagnostic| CountedDiagnostic { diagnostic, count: 1, plugin: "analyzer".to_owned() };
    let found = scan.finish(found.into_iter().map(counted).collect(), |offset| offset >= 10);
    found.into_iter().map(|found| found.diagnostic).collect()
}

#[tokio::test]
async fn a_spell_finds_its_own_error() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let reactor = create(&world, spell("panic", "the reactor is not running", &["rust", "tokio"])).await;
    create(&world, spell("vague", "command not found", &["shell"])).await;
    let log = "Step one is done\n    so the reactor is not running now \ncommand not found\n";
    let found = scanned(&world, log, Vec::new()).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].message.as_str(), found[0].tool.as_str()),
        ("so the reactor is not running now", "tokio")
    );
    assert_eq!(found[0].span, Span { start: 17, end: 56 });
    assert_eq!((found[0].role, found[0].confidence), (Role::Root, Confidence::Likely));
    assert_eq!(shown(&world, &found[0]).await, [reactor]);
}

#[tokio::test]
async fn what_is_known_or_no_error_is_not_found_again() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    create(&world, spell("panic", "the reactor is not running", &["rust"])).await;
    // In a step that passed; skipped; only a warning.
    assert_eq!(scanned(&world, "the reactor is not running\n", Vec::new()).await, []);
    assert_eq!(scanned(&world, "a step of ours\nSKIPPED the reactor is not running\n", Vec::new()).await, []);
    let warned = scanned(&world, "a step of ours\nwarning: the reactor is not running\n", Vec::new()).await;
    assert_eq!((warned[0].severity, warned[0].role), (Severity::Warning, Role::Warning));
    // An analyzer reports it, elsewhere in the log and in other words.
    let told = Diagnostic {
        span: Span { start: 90_000, end: 90_001 },
        ..error("panicked: the reactor is not running")
    };
    let log = "a step of ours\nthe reactor is not running\n";
    assert_eq!(scanned(&world, log, vec![told.clone()]).await, [told]);
}

#[tokio::test]
async fn a_line_near_an_error_belongs_to_it() {
    let world = World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(credulous()));
    });
    let reactor = create(&world, spell("panic", "the reactor is not running", &["rust"])).await;
    let near = Diagnostic { span: Span { start: 60, end: 90 }, ..error("thread main panicked") };
    let log = "a step of ours\nthe reactor is not running\nthread main panicked\n";
    let found = scanned(&world, log, vec![near.clone()]).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].context, "the reactor is not running");
    assert_eq!(shown(&world, &found[0]).await, [reactor]);
    // A guess is replaced instead of extended.
    let guess = Diagnostic { confidence: Confidence::Guess, ..near };
    assert_eq!(scanned(&world, log, vec![guess]).await.len(), 2);
}

#[tokio::test]
async fn a_flood_of_lines_is_bounded() {
    let world = World::new();
    for number in 0..200 {
        create(&world, spell("x", &format!("reactor {number} is not running"), &[])).await;
    }
    let mut log = "a step of ours\n".to_owned();
    for number in 0..100_000 {
        log.push_str(&format!("reactor {} is not running\n", number % 300));
    }
    let found = scanned(&world, &log, Vec::new()).await;
    assert!((1..=256).contains(&found.len()), "{}", found.len());
}
