//! Spells for symptoms that have many causes are the last to be shown.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::Verdict;
use grimoire_domain::spell::{SpellFields, SpellId};
use grimoire_pipeline::Settings;
use grimoire_ports::fakes::{ScriptedMatchers, ScriptedPlugins};

use crate::world::World;

/// A world with a matcher that would show everything.
fn world() -> World {
    World::with(Settings::default(), |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::matching(ScriptedMatchers::new(|_, candidates| {
            let verdict = |candidate| Verdict { candidate, score: 1.0, shown: true, reasons: Vec::new() };
            Ok((0..candidates.len()).map(verdict).collect())
        })));
    })
}

async fn create(world: &World, pattern: &str, tags: &[&str]) -> SpellId {
    let fields = SpellFields {
        title: "The lamp does not burn".to_owned(),
        description: "It has no oil, or nobody lit it.".to_owned(),
        error_type: "lamp".to_owned(),
        error_pattern: pattern.to_owned(),
        solution_code: "fill the lamp".to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..SpellFields::default()
    };
    world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id
}

fn error(message: &str) -> Diagnostic {
    Diagnostic { tool: "log".to_owned(), message: message.to_owned(), ..Diagnostic::default() }
}

/// The spells that are shown for an error, and the decision about one of them as a word.
async fn judged(world: &World, error: &Diagnostic, about: SpellId) -> (Vec<SpellId>, &'static str) {
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let explanation = judge.explain(error, Some(about)).await.expect("explained");
    let shown = explanation.spells.iter().filter(|spell| spell.shown).map(|spell| spell.id).collect();
    let decision = explanation.spells.iter().find(|spell| spell.id == about).expect("a candidate").decision;
    (shown, decision)
}

#[tokio::test]
async fn a_general_spell_yields_to_any_other_that_knows_the_message() {
    let world = world();
    let general = create(&world, "the lamp in the harbour does not burn", &["general"]).await;
    let special = create(&world, "wick is wet", &[]).await;
    let dark = error("the lamp in the harbour does not burn");
    assert_eq!(judged(&world, &dark, general).await, (vec![general], "pattern"));
    let wet = error("the lamp in the harbour does not burn: wick is wet");
    assert_eq!(judged(&world, &wet, general).await, (vec![special], "less-specific"));
}

#[tokio::test]
async fn a_general_spell_is_silent_where_the_error_goes_on_with_a_reason_of_its_own() {
    let world = world();
    let general = create(&world, "the lamp does not burn", &["general"]).await;
    let other = create(&world, "the bell does not ring", &[]).await;
    for spoken in
        ["the lamp does not burn: nobody lit it", "the lamp does not burn: see /var/log/harbour.log"]
    {
        assert_eq!(judged(&world, &error(spoken), general).await, (vec![general], "pattern"), "{spoken}");
    }
    let reason = error("the lamp does not burn: certificate of the keeper expired");
    assert_eq!(judged(&world, &reason, general).await, (Vec::new(), "other-reason"));
    // A spell for one cause is shown whatever follows in the message.
    let reason = error("the bell does not ring: certificate of the keeper expired");
    assert_eq!(judged(&world, &reason, other).await, (vec![other], "pattern"));
}

#[tokio::test]
async fn a_hint_yields_to_a_spell_that_covers_the_code_and_to_a_general_one() {
    let world = world();
    let hint = create(&world, "the lamp does not burn", &["hint"]).await;
    let judge = world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed");
    let lamp = Diagnostic { code: Some("LAMP42".to_owned()), ..error("the lamp does not burn") };
    let hints = judge.match_diagnostic(&lamp).await.expect("matched").spells;
    assert_eq!(hints.iter().map(|spell| (spell.id, spell.hint)).collect::<Vec<_>>(), [(hint, true)]);
    let fields = SpellFields {
        title: "Fill the lamp".to_owned(),
        description: "It has no oil.".to_owned(),
        error_type: "LAMP42".to_owned(),
        error_pattern: "oil level 0".to_owned(),
        solution_code: "fill the lamp".to_owned(),
        covers_code: true,
        ..SpellFields::default()
    };
    let fix = world.pipeline.create_spell(fields, &Actor::COMMAND_LINE).await.expect("valid").value.id;
    let dark = error("the lamp does not burn");
    let general = create(&world, "lamp does not", &["general"]).await;
    let shown = judge.match_diagnostic(&dark).await.expect("matched").spells;
    assert_eq!(shown.iter().map(|spell| (spell.id, spell.hint)).collect::<Vec<_>>(), [(general, false)]);
    let fixes = judge.match_diagnostic(&lamp).await.expect("matched").spells;
    assert_eq!(fixes.iter().map(|spell| (spell.id, spell.hint)).collect::<Vec<_>>(), [(fix, false)]);
}

#[tokio::test]
async fn the_lines_around_an_error_are_no_grounds_for_a_general_spell() {
    let world = world();
    let general = create(&world, "the lamp does not burn", &["general"]).await;
    let special = create(&world, "the lamp does not burn in the harbour", &[]).await;
    let around =
        Diagnostic { context: "the lamp does not burn in the harbour".to_owned(), ..error("exit status 3") };
    assert_eq!(judged(&world, &around, general).await, (vec![special], "other-error"));
}

#[tokio::test]
async fn a_general_spell_and_a_special_one_never_withhold_each_other() {
    let world = world();
    let general = create(&world, "the lamp in the harbour does not burn", &["general"]).await;
    let of_code = create(&world, "LAMP42", &[]).await;
    let dark =
        Diagnostic { code: Some("LAMP42".to_owned()), ..error("the lamp in the harbour does not burn") };
    assert_eq!(judged(&world, &dark, general).await, (vec![of_code], "less-specific"));
    // What is found only around the error, and names less, belongs to another one.
    let around = create(&world, "wick is wet", &[]).await;
    let wet =
        Diagnostic { context: "wick is wet".to_owned(), ..error("the lamp in the harbour does not burn") };
    assert_eq!(judged(&world, &wet, around).await, (vec![general], "less-specific"));
}
