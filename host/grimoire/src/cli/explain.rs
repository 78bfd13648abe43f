//! `grimoire match --explain`: why spells were shown for an error, or not.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use grimoire_domain::actor::Actor;
use grimoire_domain::diagnostic::Severity;
use grimoire_domain::page::PageRequest;
use grimoire_domain::ranking::{PART, Reason};
use grimoire_domain::review::{Diagnosis, RouteTaken};
use grimoire_domain::spell::SpellId;
use grimoire_domain::text::displayable;
use grimoire_pipeline::{
    ANALYZER_ROUTES, ExplainedSpell, Explanation, Judge, MatcherPart, Pipeline, SpellQuery,
};

use crate::console;
use crate::exit::{Exit, Reported};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const SHOWN: Style = AnsiColor::Green.on_default().bold();

/// Number of spells explained per error, unless one is requested.
const NEAR: usize = 8;
/// Digits of a digest.
const DIGITS: usize = 12;
/// Maximum number of errors that are explained.
const ERRORS: usize = 20;

/// Writes, for each error, the decision on the closest spells, or on the one requested by number or key.
pub(super) async fn write(
    pipeline: &Pipeline,
    judge: &Judge,
    diagnosis: &Diagnosis,
    asked: Option<&str>,
) -> anyhow::Result<()> {
    let asked = match asked {
        Some(asked) => Some(find(pipeline, asked).await?),
        None => None,
    };
    let mut output = console::output();
    // The routes of errors are told with them.
    for taken in diagnosis.routes.iter().filter(|taken| taken.route.starts_with(ANALYZER_ROUTES)) {
        writeln!(output, "{DIM}{}{DIM:#}", told(taken))?;
    }
    let errors = diagnosis.errors.iter().filter(|error| error.diagnostic.severity >= Severity::Error);
    let mut any = false;
    for error in errors.take(ERRORS) {
        let explanation = judge.explain(&error.diagnostic, asked).await?;
        let first = displayable(&error.diagnostic.message);
        let headline = first.lines().next().unwrap_or_default().to_owned();
        tell(&mut output, &headline, &explanation, asked)?;
        any = true;
    }
    if !any {
        writeln!(output, "no error was found")?;
    }
    Ok(())
}

fn tell(
    output: &mut impl Write,
    headline: &str,
    explanation: &Explanation,
    asked: Option<SpellId>,
) -> io::Result<()> {
    writeln!(output, "{BOLD}{headline}{BOLD:#}")?;
    if let Some(taken) = &explanation.route {
        writeln!(output, "  {DIM}{}{DIM:#}", told(taken))?;
    }
    if explanation.matchers.iter().any(|matcher| matcher.share < 1.0) || explanation.route.is_some() {
        let parts: Vec<String> = explanation.matchers.iter().map(part).collect();
        writeln!(output, "  {DIM}judged by {}{DIM:#}", parts.join(", "))?;
    }
    let mut spells: Vec<&ExplainedSpell> = explanation.spells.iter().collect();
    if let Some(asked) = asked {
        spells.retain(|spell| spell.id == asked);
    }
    spells.truncate(NEAR);
    if spells.is_empty() {
        writeln!(output, "  {DIM}no spell came near{DIM:#}")?;
    }
    for spell in spells {
        let style = if spell.shown { SHOWN } else { DIM };
        let word = match (spell.shown, spell.hint) {
            (true, false) => "shown",
            (true, true) => "shown as a hint",
            (false, _) => "not shown",
        };
        let title = displayable(&spell.title);
        writeln!(
            output,
            "  {style}{word}{style:#}  {:.2}  {title}  {DIM}spell {}{DIM:#}",
            spell.score, spell.id
        )?;
        writeln!(output, "         {}: {}", spell.decision, displayable(&spell.why))?;
        let is_part = |reason: &&Reason| reason.signal == PART;
        let strongest = spell.reasons.iter().filter(|reason| !is_part(reason)).take(3);
        for reason in strongest.chain(spell.reasons.iter().filter(is_part)) {
            let (signal, detail) = (displayable(&reason.signal), displayable(&reason.detail));
            writeln!(output, "         {DIM}{signal} {:+.2}: {detail}{DIM:#}", reason.weight)?;
        }
    }
    writeln!(output)
}

/// The route that was taken, as a sentence.
fn told(taken: &RouteTaken) -> String {
    let RouteTaken { route, because, plugins } = taken;
    let plugins = if plugins.is_empty() { "nobody".to_owned() } else { plugins.join(", ") };
    format!("{route}: {}: {plugins}", displayable(because))
}

/// A matcher with the beginning of its digest, and its part if there are several.
fn part(matcher: &MatcherPart) -> String {
    let MatcherPart { plugin, share } = matcher;
    let digest = plugin.digest.get(..DIGITS).unwrap_or(&plugin.digest);
    let part = if *share < 1.0 { format!(" ({:.0} %)", share * 100.0) } else { String::new() };
    format!("{} {digest}{part}", plugin.name)
}

/// Finds a spell by number or key.
async fn find(pipeline: &Pipeline, asked: &str) -> anyhow::Result<SpellId> {
    if let Ok(number) = asked.parse() {
        return Ok(SpellId(number));
    }
    let limit = PageRequest::MAXIMUM_LIMIT;
    let mut skip = 0;
    loop {
        let page = pipeline
            .list_spells(&SpellQuery::default(), PageRequest::new(skip, limit)?, &Actor::COMMAND_LINE)
            .await?;
        let mut spells = page.items.iter().map(|listed| &listed.spell);
        if let Some(spell) = spells.find(|spell| spell.fields.key.as_deref() == Some(asked)) {
            return Ok(spell.id);
        }
        skip += u64::from(limit);
        if skip >= page.total {
            let message =
                format!("no spell has the number or key {asked:?}: `grimoire spells export` lists them");
            return Err(Reported(Exit::Data, message).into());
        }
    }
}
