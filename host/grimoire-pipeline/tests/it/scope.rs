//! Spells are offered by their scope, whichever channel found them.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::Verdict;
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::scope::Scope;
use grimoire_domain::spell::{Outcomes, SpellFields, SpellId};
use grimoire_pipeline::{Judge, Settings, SpellPatch};
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedPlugins};

use crate::world::{LOG, World, bytes_of, check_payload, commit, log_artifact, moved_value, repository};

/// A world whose matcher would show every candidate.
fn credulous() -> World {
    World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(|_, candidates| {
            let verdict = |candidate| Verdict { candidate, score: 1.0, shown: true, reasons: Vec::new() };
            Ok((0..candidates.len()).map(verdict).collect())
        })));
    })
}

async fn scoped(world: &World, scope: &str, covers_code: bool) -> SpellId {
    let fields = SpellFields {
        key: None,
        title: format!("For {scope}, {covers_code}"),
        scope: Scope::parse(scope).expect("a scope"),
        covers_code,
        error_pattern: if covers_code { "text:never seen".to_owned() } else { moved_value().error_pattern },
        ..moved_value()
    };
    world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
}

fn judge(world: &World, repository: Option<&str>) -> Judge {
    let repository = repository.map(|name| RepositoryName::parse(name).expect("a name"));
    world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").for_repository(repository)
}

fn error() -> Diagnostic {
    Diagnostic {
        tool: "rustc".to_owned(),
        code: Some("E0382".to_owned()),
        message: "use of moved value: `names`".to_owned(),
        ..Diagnostic::default()
    }
}

#[tokio::test]
async fn a_spell_is_offered_within_its_scope_only() {
    for covers_code in [false, true] {
        let world = credulous();
        let mut spells = Vec::new();
        for scope in ["global", "octo/*", "octo/app", "octo/other", "else/*"] {
            spells.push(scoped(&world, scope, covers_code).await);
        }
        for (repository, offered) in [
            (None, &spells[..1]),
            (Some("octo/app"), &spells[..3]),
            (Some("Octo/APP"), &spells[..3]),
            (Some("octo/third"), &spells[..2]),
            (Some("nobody/app"), &spells[..1]),
        ] {
            let report = judge(&world, repository).match_diagnostic(&error()).await.expect("matched");
            let mut shown: Vec<SpellId> = report.spells.iter().map(|spell| spell.id).collect();
            shown.sort_unstable();
            assert_eq!(shown, offered, "{repository:?}, by code: {covers_code}");
        }
        let explained = judge(&world, None).explain(&error(), Some(spells[2])).await.expect("explained");
        let asked = explained.spells.iter().find(|spell| spell.id == spells[2]).expect("asked for");
        assert_eq!((asked.decision, asked.shown), ("scope", false));
        assert!(asked.why.contains("octo/app"), "{}", asked.why);
    }
}

#[tokio::test]
async fn a_line_is_an_error_only_where_its_spell_is_offered() {
    let world = World::new();
    let line = "the reactor of the flurble is not running";
    let fields = SpellFields {
        error_pattern: line.to_owned(),
        scope: Scope::parse("octo/app").expect("a scope"),
        ..moved_value()
    };
    world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid");
    let log = format!("starting\n{line}\n##[error]Process completed with exit code 1.\n");
    for (repository, told) in [(Some("octo/app"), true), (Some("octo/other"), false), (None, false)] {
        let report = judge(&world, repository).analyze(&log_artifact(), bytes_of(&log)).await.expect("read");
        let found = report.diagnostics.iter().any(|found| found.diagnostic.message == line);
        assert_eq!(found, told, "{repository:?}");
    }
}

#[tokio::test]
async fn a_spell_whose_scope_changes_is_offered_elsewhere_at_once() {
    let world = credulous();
    let spell = scoped(&world, "octo/app", false).await;
    let offered = async || {
        let report = judge(&world, None).match_diagnostic(&error()).await.expect("matched");
        report.spells.iter().any(|shown| shown.id == spell)
    };
    assert!(!offered().await);
    let everywhere = SpellPatch { scope: Some(Scope::Global), ..SpellPatch::default() };
    world.pipeline.patch_spell(spell, everywhere, None, &Actor::COMMAND_LINE).await.expect("changed");
    assert!(offered().await);
}

/// The review of a pull request knows its repository, and the spells that it offers count until all runs pass.
#[tokio::test]
async fn reviews_offer_spells_of_their_repository_and_count_what_became_of_them() {
    let world = World::new();
    let own = SpellFields { scope: Scope::parse("octo/app").expect("a scope"), ..moved_value() };
    let spell = world.pipeline.create_spell(own, &Actor::COMMAND_LINE).await.expect("valid").value.id;
    let outcomes =
        async || world.pipeline.spell_outcomes(&[spell], &Actor::COMMAND_LINE).await.expect("counted")[0];
    assert_eq!(outcomes().await, Outcomes::default());
    world.failing_pull_request(7, &commit('a'), Some(LOG));
    world.opened(7, &commit('a')).await;
    world.run_due().await;
    assert_eq!(outcomes().await, Outcomes { offered: 1, fixed: 0 });

    world.put_pull_request(7, &commit('b'), true);
    world.github.pass(&repository(), &commit('b'));
    world.deliver("d-passed", "check_run", &check_payload("success", &commit('b'), &[7])).await;
    world.run_due().await;
    assert_eq!(outcomes().await, Outcomes { offered: 1, fixed: 1 });
}
