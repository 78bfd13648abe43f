//! `cargo xtask eval spells`: finds spells that are shown for an error of another spell, or of none.
//!
//! Every sample of every spell of the starter spellbook is used as the message of an error, once alone and once
//! with the tool and the code of its spell. Its own spell must be shown, and no other one except those in
//! `sharing.txt`. For a nonsense message with a spell's code, only spells may be shown that cover the code or
//! name it in their pattern. `--cases` also prints the spells shown for the errors in labelled logs, for people
//! to judge.

mod judge;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::ranking::{is_code, tool_of_tags};
use grimoire_domain::spell::{SpellFields, SpellId};
use grimoire_pipeline::Settings;
use serde::Deserialize;

use super::components::Components;
use super::data::{print, rows};
use judge::{Judge, Shown};

/// A message that no spell matches.
const NONSENSE: &str = "quokka sandwich is purple";
/// Pairs that are right: the shown spell, and the one whose sample it is shown for.
const SHARING: &str = include_str!("spells/sharing.txt");

/// Arguments of the measurement.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Also show the spells for the errors in these logs: JSON lines `{id, log_text}`; `.xz` is decompressed.
    #[arg(long, value_name = "FILE")]
    cases: Option<PathBuf>,
}

/// A log of the data of `eval extraction`.
#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    log_text: String,
}

/// Prints how often a wrong spell is shown.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let judge = Judge::new(grimoire::spellbook::starter()?)?;
    let samples = samples(&judge);
    print(&samples.render(&judge))?;
    print(&render_nonsense(&judge))?;
    match &arguments.cases {
        Some(file) => tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?
            .block_on(cases(file, judge.into_fields())),
        None => Ok(()),
    }
}

/// The spells shown for the samples of all spells.
#[derive(Debug, Default)]
struct Samples {
    asked: usize,
    own: usize,
    /// The spells whose own sample does not show them, with the sample.
    missing: Vec<(usize, String)>,
    /// Wrongly shown spells: the shown one, the sample's own, the sample, and the grounds.
    wrong: Vec<(usize, usize, String, String)>,
    shared: usize,
}

fn samples(judge: &Judge) -> Samples {
    let sharing: BTreeSet<(&str, &str)> = SHARING
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(shown, sample)| (shown, sample.trim()))
        .collect();
    let mut samples = Samples::default();
    for (index, fields) in judge.spells().enumerate() {
        for sample in &fields.samples.must_match {
            let mut own = true;
            for diagnostic in [alone(sample), of_spell(fields, sample)] {
                let shown = judge.shown(&diagnostic);
                own &= shown.iter().any(|shown| shown.spell == index);
                for Shown { spell, why } in shown.into_iter().filter(|shown| shown.spell != index) {
                    if sharing.contains(&(judge.key(spell), judge.key(index))) {
                        samples.shared += 1;
                    } else {
                        samples.wrong.push((spell, index, sample.clone(), why));
                    }
                }
            }
            samples.asked += 1;
            samples.own += usize::from(own);
            if !own {
                samples.missing.push((index, sample.clone()));
            }
        }
    }
    samples
}

/// A message without further facts.
fn alone(message: &str) -> Diagnostic {
    Diagnostic { tool: "log".to_owned(), message: message.to_owned(), ..Diagnostic::default() }
}

/// A message as reported by an analyzer that knows the tool and code of the spell.
fn of_spell(fields: &SpellFields, message: &str) -> Diagnostic {
    Diagnostic {
        tool: tool_of_tags(fields.tags.iter().map(String::as_str)).to_owned(),
        error_type: fields.error_type.clone(),
        code: Some(fields.error_type.clone()).filter(|code| is_code(code)),
        ..alone(message)
    }
}

impl Samples {
    fn render(&self, judge: &Judge) -> String {
        let mut text = format!(
            "{} samples: {} show their spell, {} show another one, {} one that shares them\n",
            self.asked,
            self.own,
            self.wrong.len(),
            self.shared
        );
        let flat = |text: &str| text.replace('\n', "\\n");
        for (spell, sample) in &self.missing {
            writeln!(text, "not shown: {} for {}", judge.key(*spell), flat(sample)).expect(WRITTEN);
        }
        for (shown, spell, sample, why) in &self.wrong {
            let (shown, spell) = (judge.key(*shown), judge.key(*spell));
            writeln!(text, "wrong: {shown} for {spell}: {} ({})", flat(sample), flat(why)).expect(WRITTEN);
        }
        text
    }
}

/// The spells shown for a nonsense message with a code: the code, and the spell.
fn nonsense(judge: &Judge) -> Vec<(String, usize)> {
    let codes: BTreeSet<&str> = judge.spells().map(|fields| fields.error_type.as_str()).collect();
    let mut all = Vec::new();
    for code in codes {
        let diagnostic =
            Diagnostic { code: Some(code.to_owned()), error_type: code.to_owned(), ..alone(NONSENSE) };
        all.extend(judge.shown(&diagnostic).into_iter().map(|shown| (code.to_owned(), shown.spell)));
    }
    all
}

fn render_nonsense(judge: &Judge) -> String {
    let all = nonsense(judge);
    let covered = all.iter().filter(|(_, spell)| judge.fields(*spell).covers_code).count();
    let named = all.iter().filter(|(code, spell)| names(judge, *spell, code)).count();
    let mut text = format!(
        "“{NONSENSE}” with each code: {} spells shown, {covered} that cover the code, {named} that name it\n",
        all.len()
    );
    for (code, spell) in all.iter().filter(|(code, spell)| !allowed(judge, *spell, code)) {
        writeln!(text, "wrong: {} for {code}", judge.key(*spell)).expect(WRITTEN);
    }
    text
}

fn allowed(judge: &Judge, spell: usize, code: &str) -> bool {
    judge.fields(spell).covers_code || names(judge, spell, code)
}

/// Returns true if a spell's pattern matches the code alone, so that it covers the code in another way.
fn names(judge: &Judge, spell: usize, code: &str) -> bool {
    !judge.fields(spell).covers_code
        && judge.pattern(spell).find(&format!("error[{code}]: {code}: {NONSENSE}")).is_some()
}

/// Prints the spells that the product shows for the errors in some logs.
async fn cases(file: &std::path::Path, spells: Vec<SpellFields>) -> anyhow::Result<()> {
    let search = grimoire_search_tantivy::Options::default();
    let components = Components::start(Settings::default(), search).await?;
    components.pipeline().import_spells(spells, &Actor::COMMAND_LINE, &|_, _| {}).await?;
    components.wait_for_index().await?;
    let mut errors = 0;
    let mut of_spell: BTreeMap<SpellId, usize> = BTreeMap::new();
    for case in rows::<Case>(file)? {
        let case = case?;
        for found in components.analyze(&case.id, case.log_text).await?.diagnostics {
            errors += 1;
            let report = components
                .pipeline()
                .judge(&Actor::COMMAND_LINE)?
                .match_diagnostic(&found.diagnostic)
                .await?;
            for spell in report.spells {
                *of_spell.entry(spell.id).or_default() += 1;
                let Diagnostic { tool, message, .. } = &found.diagnostic;
                let message = message.lines().next().unwrap_or_default();
                print(&format!("{:.3} {} | {} | {tool}: {message}\n", spell.score, spell.title, case.id))?;
            }
        }
    }
    let shown: usize = of_spell.values().sum();
    print(&format!("{errors} errors: {shown} spells shown, {} different ones\n", of_spell.len()))?;
    components.stop().await
}

const WRITTEN: &str = "a string takes everything";

#[cfg(test)]
mod tests {
    use super::*;

    fn starter() -> Judge {
        Judge::new(grimoire::spellbook::starter().expect("it parses")).expect("it is valid")
    }

    /// A wrong fix is worse than none. Spells that rightly share a text are listed in `spells/sharing.txt`.
    #[test]
    fn samples_show_their_own_spell_and_no_other() {
        let judge = starter();
        let samples = samples(&judge);
        assert!(samples.wrong.is_empty(), "{}", samples.render(&judge));
        assert!(samples.own * 100 >= samples.asked * 99, "{}", samples.render(&judge));
    }

    #[test]
    fn a_code_alone_shows_only_what_is_for_all_of_it() {
        let judge = starter();
        let wrong: Vec<_> =
            nonsense(&judge).into_iter().filter(|(code, spell)| !allowed(&judge, *spell, code)).collect();
        assert!(wrong.is_empty(), "{}", render_nonsense(&judge));
    }
}
