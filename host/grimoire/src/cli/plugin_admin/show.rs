//! What the subcommands for operators print.

use std::io::Write as _;

use anstyle::{AnsiColor, Style};
use grimoire_domain::text::displayable;
use grimoire_http::wire::plugin::{
    HistogramBody, PluginCallsBody, PluginDetailsBody, PluginStatusBody, PluginsBody,
};

use super::Format;
use crate::console;

const NAME: Style = AnsiColor::Green.on_default().bold();
const DIM: Style = Style::new().dimmed();
/// The number of log lines that are shown.
const LOG_LINES: usize = 10;

/// A prefix of a digest that is long enough to tell versions apart.
pub(super) fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

/// Shows the plugins.
pub(super) fn list(body: &PluginsBody, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return console::write_json(body);
    }
    let mut output = console::output();
    for plugin in &body.plugins {
        let world = plugin.world.as_deref().unwrap_or("does not run");
        let digest = plugin.digest.as_deref().map(short).unwrap_or_default();
        writeln!(
            output,
            "{NAME}{:24}{NAME:#} {world:26} {DIM}{digest:12}{DIM:#} {}",
            plugin.name,
            origin(plugin)
        )?;
    }
    for problem in &body.rejected {
        writeln!(output, "{:24} refused: {}", problem.plugin, displayable(&problem.detail))?;
    }
    output.flush()?;
    Ok(())
}

fn origin(plugin: &PluginStatusBody) -> String {
    let mut words = vec![plugin.origin.clone().unwrap_or_else(|| "installed".to_owned())];
    let signer = plugin.signer.as_deref().unwrap_or_default();
    match plugin.signature.as_deref() {
        Some("trusted") => words.push(format!("signed by {signer}")),
        Some("unknown") => words.push(format!("signed by an unknown key, {}", short(signer))),
        Some("unsigned") => words.push("unsigned".to_owned()),
        _ => {}
    }
    if let Some(replaced) = &plugin.replaces {
        words.push(format!("replaces the one that is {replaced}"));
    }
    if let Some(said) = plugin.description.as_ref().filter(|said| said.name != plugin.name) {
        words.push(format!("calls itself {}", said.name));
    }
    words.join(", ")
}

/// Shows one plugin with its history.
pub(super) fn details(details: &PluginDetailsBody, format: Format) -> anyhow::Result<()> {
    if format == Format::Json {
        return console::write_json(details);
    }
    let plugin = &details.status;
    let mut output = console::output();
    writeln!(output, "{NAME}{}{NAME:#}  {}", plugin.name, origin(plugin))?;
    let mut line = |name: &str, value: &str| writeln!(output, "  {name:9} {value}");
    line("version", &displayable(plugin.version.as_deref().unwrap_or("none")))?;
    if let Some(said) = &plugin.description {
        if said.name != plugin.name {
            line("own name", &said.name)?;
        }
        if !said.description.is_empty() {
            line("is", &displayable(&said.description))?;
        }
        for (name, list) in [("reads", &said.accepts), ("tools", &said.tools)] {
            if !list.is_empty() {
                line(name, &displayable(&list.join(", ")))?;
            }
        }
        let is_analyzer = plugin.world.as_deref().is_some_and(|world| world.starts_with("grimoire:analyzer"));
        if is_analyzer && said.accepts.is_empty() {
            line("reads", "nothing, because it has no configuration")?;
        }
    }
    line("world", plugin.world.as_deref().unwrap_or("does not run"))?;
    line("digest", plugin.digest.as_deref().unwrap_or("none"))?;
    if let Some(signature) = &plugin.signature {
        let signer = plugin.signer.as_ref().map(|signer| format!(" ({signer})")).unwrap_or_default();
        line("signature", &format!("{signature}{signer}"))?;
    }
    line("calls", &format!("{}, of which {} failed", plugin.calls, plugin.failures))?;
    for of in &details.evidence.calls {
        line("", &cost(of))?;
    }
    if let Some(problem) = &plugin.last_problem {
        line("failure", &format!("{}: {}", problem.reason, displayable(&problem.detail)))?;
    }
    if let Some(prepared) = &details.preparation {
        let (spells, kibibytes) = (prepared.spells, prepared.bytes.div_ceil(1 << 10));
        line("prepared", &format!("{spells} spells in {kibibytes} KiB; {} as written", prepared.missing))?;
        if let Some(problem) = &prepared.last_problem {
            line("", &format!("{}: {}", problem.reason, displayable(&problem.detail)))?;
        }
    }
    if let Some(trap) = &details.evidence.last_trap {
        line("trap", &format!("{}  {}", trap.at, displayable(&trap.detail)))?;
        if let Some(words) = &trap.last_words {
            line("", &displayable(words))?;
        }
        for place in &trap.backtrace {
            line("", &displayable(place))?;
        }
    }
    for logged in details.evidence.log.iter().rev().take(LOG_LINES).rev() {
        line("log", &format!("{:5} {}", logged.level, displayable(&logged.message)))?;
    }
    for version in &plugin.installed {
        let runs = if version.active { "runs" } else { "kept" };
        let source = displayable(&version.source);
        line(runs, &format!("{}  {}  {} by {}", short(&version.digest), source, version.at, version.by))?;
        if let Some(reason) = &version.quarantine {
            line("", &format!("in quarantine: {}", displayable(reason)))?;
        }
    }
    for receipt in &details.receipts {
        let digest = receipt.digest.as_deref().map_or("nothing", short);
        line(&receipt.action, &format!("{digest}  {} by {}", receipt.at, receipt.by))?;
        if let Some(reason) = &receipt.reason {
            line("", &displayable(reason))?;
        }
    }
    output.flush()?;
    Ok(())
}

/// What the calls of one version with one outcome cost, on a line.
fn cost(of: &PluginCallsBody) -> String {
    let milliseconds = |histogram: &HistogramBody| match most(histogram) {
        Some(bound) => format!("≤ {} ms", bound * 1_000.0),
        None => "> 1000 ms".to_owned(),
    };
    let mut text =
        format!("{}  {} {}: 95 % {}", short(&of.digest), of.calls, of.outcome, milliseconds(&of.seconds));
    if of.guest_seconds.classes.iter().any(|class| class.count > 0) {
        let memory = most(&of.memory_bytes)
            .map_or("> 64 MiB".to_owned(), |bound| format!("≤ {} KiB", bound / 1_024.0));
        text.push_str(&format!(", computing {}, memory {memory}", milliseconds(&of.guest_seconds)));
    }
    text
}

/// The bound below which 95 of 100 values are; `None` above the last one.
fn most(histogram: &HistogramBody) -> Option<f64> {
    let all: u64 = histogram.classes.iter().map(|class| class.count).sum();
    let mut counted = 0;
    let class = histogram.classes.iter().find(|class| {
        counted += class.count;
        counted * 100 >= all * 95
    });
    class.and_then(|class| class.at_most)
}
