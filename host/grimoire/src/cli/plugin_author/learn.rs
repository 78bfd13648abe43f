//! `grimoire plugin learn`: an expression for a tool that no analyzer knows, from a log with a few marked lines.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;
use grimoire_authoring::learn::{self, Form, SampleLine, Tried};
use grimoire_authoring::{Workbench, component};
use grimoire_domain::artifact::ArtifactKind;
use grimoire_domain::diagnostic::{Diagnostic, Location};
use grimoire_domain::text::{cut, displayable};

use super::subject;
use crate::config::Overrides;
use crate::console;
use crate::exit::{Exit, Reported};
use crate::shipped;

/// The plugin that reads such expressions.
const PLUGIN: &str = "analyzer-patterns";
/// Maximum size of a sample in bytes.
const LARGEST: u64 = 64 << 20;
/// Most lines that are printed of a list.
const SHOWN: usize = 10;

/// The arguments of `grimoire plugin learn`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// A log with errors of the tool.
    log: PathBuf,
    /// A line with an error, by its number; several of different kinds make a better expression.
    #[arg(long = "line", value_name = "NUMBER", required_unless_present = "like", value_parser = clap::value_parser!(u64).range(1..))]
    lines: Vec<u64>,
    /// The form of such a line, with names in braces for its parts: `{path}`, `{line}`, `{column}`, `{severity}`,
    /// `{code}`, `{message}`, `{test}`, and `{*}` for any text.
    #[arg(long, value_name = "FORM", conflicts_with = "lines")]
    like: Vec<String>,
    /// The tool's name; by default the word that its lines begin with.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Also add the configuration to grimoire.toml, or to the file that --config names.
    #[arg(long)]
    write: bool,
}

/// Runs `grimoire plugin learn`.
pub(super) async fn run(arguments: Arguments, overrides: &Overrides) -> anyhow::Result<Exit> {
    let log = read(&arguments)?;
    let lines = learn::lines(&log);
    let forms = forms(&arguments, &lines)?;
    let Some(tool) = arguments.tool.clone().or_else(|| forms.iter().find_map(Form::tool)) else {
        let message = "its lines do not begin with the tool's name: give it with --tool NAME";
        return Err(Reported(Exit::Usage, message.to_owned()).into());
    };
    let found = try_out(&log, learn::as_json(&tool, &forms)).await?;
    let tried = learn::tried(&log, &lines, &forms, found);
    let toml = learn::as_toml(&tool, &forms);
    let mut output = console::output();
    write!(output, "{}", displayable(&toml))?;
    report(&mut output, &arguments, &lines, &tried)?;
    output.flush()?;
    if tried.found.is_empty() {
        if arguments.write {
            console::note(format_args!("the configuration is not changed, because nothing was found"));
        }
        return Ok(Exit::NoDiagnostic);
    }
    if arguments.write {
        write(&toml, overrides)?;
    }
    Ok(Exit::Ok)
}

fn read(arguments: &Arguments) -> anyhow::Result<Vec<u8>> {
    let shown = arguments.log.display();
    let size = match std::fs::metadata(&arguments.log) {
        Ok(found) => found.len(),
        Err(error) => return Err(Reported(Exit::NoInput, format!("{shown} cannot be read: {error}")).into()),
    };
    if size > LARGEST {
        let message =
            format!("{shown} has more than {} MiB: cut out the part with the errors", LARGEST >> 20);
        return Err(Reported(Exit::Data, message).into());
    }
    std::fs::read(&arguments.log).with_context(|| format!("{shown} cannot be read"))
}

/// The forms that were written by hand, or those of the marked lines.
fn forms(arguments: &Arguments, lines: &[SampleLine]) -> anyhow::Result<Vec<Form>> {
    if !arguments.like.is_empty() {
        return Ok(arguments.like.iter().map(|form| Form::written(form)).collect::<Result<_, _>>()?);
    }
    let mut marked = Vec::new();
    for number in &arguments.lines {
        match lines.iter().find(|line| line.number == *number && !line.text.trim().is_empty()) {
            Some(line) => marked.push(line),
            None => {
                let message = format!("line {number} of {} has no text of a tool", arguments.log.display());
                return Err(Reported(Exit::Data, message).into());
            }
        }
    }
    Ok(learn::forms(&marked)?)
}

/// What the shipped plugin finds in the log with this configuration.
async fn try_out(log: &[u8], settings: String) -> anyhow::Result<Vec<Diagnostic>> {
    let (_, bytes) = shipped::PLUGINS.iter().find(|(name, _)| *name == PLUGIN).context("it is shipped")?;
    let description = component::describe(bytes).map_err(anyhow::Error::msg)?;
    let cache = subject::cache();
    let starting = tokio::task::spawn_blocking(move || {
        Workbench::configured(bytes.to_vec(), &description, cache, false, Some(settings))
    });
    let bench = console::announced(starting, "trying it…").await??;
    let found = bench.analyze(ArtifactKind::Log, log).await?;
    found.map_err(|problem| Reported(Exit::Data, format!("{PLUGIN}: {}", problem.detail)).into())
}

/// Says what is found, what is not, and what to do next.
fn report(
    output: &mut impl std::io::Write,
    arguments: &Arguments,
    lines: &[SampleLine],
    tried: &Tried<'_>,
) -> anyhow::Result<()> {
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    writeln!(output, "\n# It finds {} in {}:", count(tried.found.len(), "error"), arguments.log.display())?;
    for (line, found) in tried.found.iter().take(SHOWN) {
        let place = found.location.as_ref().map_or_else(|| "-".to_owned(), place);
        let code = found.code.as_deref().unwrap_or("-");
        let message = found.message.lines().next().unwrap_or_default();
        let row = format!("{} | {code} | {place} | {message}", found.severity.as_str());
        writeln!(output, "#   line {line}: {}", displayable(cut(&row, 200)))?;
    }
    rest(output, tried.found.len())?;
    let marked =
        |number: &u64| !tried.found.iter().any(|(line, _)| line == number) && !arguments.lines.is_empty();
    let lost: Vec<_> = arguments.lines.iter().filter(|number| marked(number)).collect();
    for number in lost {
        let text = lines.iter().find(|line| line.number == *number).map_or("", |line| line.text.as_str());
        let repeated = tried
            .found
            .iter()
            .any(|(line, _)| lines.iter().any(|other| other.number == *line && other.text == text));
        if !repeated {
            writeln!(output, "# It does not find the marked line {number}.")?;
        }
    }
    if !tried.missed.is_empty() {
        let count = count(tried.missed.len(), "line");
        writeln!(
            output,
            "# It leaves out {count} of the same look; mark one with --line if it is an error:"
        )?;
        for line in tried.missed.iter().take(SHOWN) {
            writeln!(output, "#   line {}: {}", line.number, displayable(cut(&line.text, 200)))?;
        }
        rest(output, tried.missed.len())?;
    }
    if !arguments.write {
        writeln!(
            output,
            "# Put it into grimoire.toml, or repeat this with --write; `grimoire config check` checks it."
        )?;
    }
    Ok(())
}

fn place(location: &Location) -> String {
    let start = location.start.map(|start| (start.line, start.column));
    match start {
        None => location.path.clone(),
        Some((line, None)) => format!("{}:{line}", location.path),
        Some((line, Some(column))) => format!("{}:{line}:{column}", location.path),
    }
}

fn rest(output: &mut impl std::io::Write, count: usize) -> std::io::Result<()> {
    match count.checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => writeln!(output, "#   and {more} more"),
    }
}

/// Adds the tables at the end of the file, if it is still TOML then.
fn write(toml: &str, overrides: &Overrides) -> anyhow::Result<()> {
    let path = overrides.file.clone().unwrap_or_else(|| PathBuf::from("grimoire.toml"));
    let shown = path.display();
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error).with_context(|| format!("{shown} cannot be read")),
    };
    let space = if before.is_empty() { "" } else { "\n" };
    let after = format!("{}{space}{toml}", ended(&before));
    if let Err(error) = after.parse::<toml::Table>() {
        let reason = error.message();
        let message =
            format!("{shown} was not changed, because it would be no TOML with this at its end: {reason}");
        return Err(Reported(Exit::Data, message).into());
    }
    std::fs::write(&path, after).with_context(|| format!("{shown} cannot be written"))?;
    console::note(format_args!(
        "added to {shown}; `grimoire config allow` allows it again where it is found by itself, `grimoire config check` \
         checks it"
    ));
    Ok(())
}

/// A text whose last line is ended.
fn ended(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}
