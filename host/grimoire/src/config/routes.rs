//! Parsers for routes.

use grimoire_domain::artifact::MEDIA_TYPES;
use grimoire_domain::ranking::Panel;
use grimoire_domain::routing::{AnalyzerRoute, MatcherRoute, Wildcard};
use grimoire_domain::scope::Scope;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::setting::Definition;

/// A route to analyzers as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnalyzerRoute {
    #[serde(default)]
    repositories: Vec<String>,
    #[serde(default)]
    artifacts: Vec<String>,
    analyzers: Option<Vec<String>>,
    tools: Option<Vec<String>>,
    except: Option<Vec<String>>,
}

/// A route to matchers as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMatcherRoute {
    #[serde(default)]
    repositories: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
    matcher: OneOrSeveral,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "matcher must be a name, or a list of names with or without weights")]
enum OneOrSeveral {
    One(String),
    Several(Vec<String>),
}

/// Parses routes to analyzers. Whether the analyzers exist is checked when all settings are known.
pub(super) fn to_analyzers(_: &Definition, text: &str) -> Result<Vec<AnalyzerRoute>, Vec<String>> {
    let routes = read(text, |written: WrittenAnalyzerRoute| {
        let mut problems = Vec::new();
        if written.analyzers.is_none() && written.tools.is_none() && written.except.is_none() {
            problems.push("chooses nothing: add analyzers, tools or except".to_owned());
        }
        let route = AnalyzerRoute {
            repositories: repositories(&written.repositories, &mut problems),
            artifacts: media_types(&written.artifacts, &mut problems),
            analyzers: written.analyzers,
            tools: wildcards("tools", &written.tools.unwrap_or_default(), &mut problems),
            except: written.except.unwrap_or_default(),
        };
        if problems.is_empty() { Ok(route) } else { Err(problems) }
    })?;
    refuse_covered(&routes, AnalyzerRoute::covers)?;
    Ok(routes)
}

/// Parses routes to matchers. Whether the matchers exist is checked when all settings are known.
pub(super) fn to_matchers(_: &Definition, text: &str) -> Result<Vec<MatcherRoute>, Vec<String>> {
    let routes = read(text, |written: WrittenMatcherRoute| {
        let mut problems = Vec::new();
        let repositories = repositories(&written.repositories, &mut problems);
        let tools = wildcards("tools", &written.tools, &mut problems);
        let panel = match &written.matcher {
            OneOrSeveral::One(entry) => Panel::parse([entry.as_str()]),
            OneOrSeveral::Several(entries) => Panel::parse(entries.iter().map(String::as_str)),
        };
        match panel {
            Ok(panel) if problems.is_empty() => Ok(MatcherRoute { repositories, tools, panel }),
            panel => {
                let of_panel = panel.err().unwrap_or_default();
                problems.extend(of_panel.into_iter().map(|problem| format!("matcher: {problem}")));
                Err(problems)
            }
        }
    })?;
    refuse_covered(&routes, MatcherRoute::covers)?;
    Ok(routes)
}

/// Reads every table of a JSON array; problems begin with the number of the route.
fn read<W: DeserializeOwned, R>(
    text: &str,
    route: impl Fn(W) -> Result<R, Vec<String>>,
) -> Result<Vec<R>, Vec<String>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let tables: Vec<serde_json::Value> = serde_json::from_str(text).map_err(|_| {
        vec!["must be a list of tables, as JSON [{\"repositories\": [\"octo/*\"], …}]".to_owned()]
    })?;
    let mut routes = Vec::new();
    let mut problems = Vec::new();
    for (number, table) in (1..).zip(tables) {
        let written = if table.is_object() {
            serde_json::from_value(table).map_err(|error| vec![error.to_string()])
        } else {
            Err(vec!["must be a table".to_owned()])
        };
        match written.and_then(&route) {
            Ok(route) => routes.push(route),
            Err(wrong) => {
                problems.extend(wrong.into_iter().map(|problem| format!("route {number}: {problem}")));
            }
        }
    }
    if problems.is_empty() { Ok(routes) } else { Err(problems) }
}

/// Refuses routes that are never taken.
fn refuse_covered<R>(routes: &[R], covers: impl Fn(&R, &R) -> bool) -> Result<(), Vec<String>> {
    let covered = routes.iter().enumerate().filter_map(|(index, route)| {
        let earlier = routes[..index].iter().position(|earlier| covers(earlier, route))?;
        Some(format!(
            "route {}: is never taken, because route {} fits all that it is for; put it before that one, or take it out",
            index + 1,
            earlier + 1
        ))
    });
    let problems: Vec<String> = covered.collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn repositories(texts: &[String], problems: &mut Vec<String>) -> Vec<Scope> {
    let mut scopes = Vec::new();
    for text in texts {
        match Scope::parse(text.trim()) {
            Ok(scope) if scope != Scope::Global => scopes.push(scope),
            _ => problems.push(format!("repositories: {text:?} must be owner/* or owner/name")),
        }
    }
    scopes
}

fn wildcards(key: &str, texts: &[String], problems: &mut Vec<String>) -> Vec<Wildcard> {
    let mut wildcards = Vec::new();
    for text in texts {
        match Wildcard::parse(text) {
            Ok(wildcard) => wildcards.push(wildcard),
            Err(problem) => problems.push(format!("{key}: {text:?} {problem}")),
        }
    }
    wildcards
}

fn media_types(texts: &[String], problems: &mut Vec<String>) -> Vec<Wildcard> {
    let wildcards = wildcards("artifacts", texts, problems);
    for wildcard in &wildcards {
        if !MEDIA_TYPES.iter().any(|media_type| wildcard.fits(media_type)) {
            problems
                .push(format!("artifacts: no artifact is {wildcard}; there are {}", MEDIA_TYPES.join(", ")));
        }
    }
    wildcards
}
