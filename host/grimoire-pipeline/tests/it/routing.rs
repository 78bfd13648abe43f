//! The operator's routes decide which analyzers meet an artifact and which matchers judge an error.

use std::sync::Arc;

use grimoire_domain::actor::Actor;
use grimoire_domain::artifact::{Artifact, ArtifactKind};
use grimoire_domain::diagnostic::{Diagnostic, Span};
use grimoire_domain::ranking::{Panel, keyword_verdicts};
use grimoire_domain::repository::RepositoryName;
use grimoire_domain::review::{PluginIdentity, RouteTaken};
use grimoire_domain::routing::{AnalyzerRoute, MatcherRoute, Wildcard};
use grimoire_domain::scope::Scope;
use grimoire_pipeline::{Judge, PluginRequest, Settings};
use grimoire_ports::fakes::{ScriptedAnalyzers, ScriptedMatchers, ScriptedPlugins};
use grimoire_ports::plugins::analyzer::Findings;

use crate::plugins::Operator;
use crate::world::{World, bytes_of};

fn scope(text: &str) -> Scope {
    Scope::parse(text).expect("a scope")
}

fn wildcard(text: &str) -> Wildcard {
    Wildcard::parse(text).expect("a wildcard")
}

fn judge(world: &World, repository: Option<&str>) -> Judge {
    let repository = repository.map(|name| RepositoryName::parse(name).expect("a name"));
    world.pipeline.judge(&Actor::COMMAND_LINE).expect("allowed").for_repository(repository)
}

fn taken(route: &str, because: &str, plugins: &[&str]) -> RouteTaken {
    let plugins = plugins.iter().map(|name| (*name).to_owned()).collect();
    RouteTaken { route: route.to_owned(), because: because.to_owned(), plugins }
}

/// What the analyzer of this name finds, at this place.
fn finds(name: &str, start: u64) -> Findings {
    let diagnostic = Diagnostic {
        tool: name.to_owned(),
        message: format!("an error for {name}"),
        span: Span { start, end: start + 1 },
        ..Diagnostic::default()
    };
    let plugin = PluginIdentity { name: name.to_owned(), digest: "0".repeat(64) };
    Findings { plugin, diagnostics: vec![diagnostic], problem: None }
}

#[tokio::test]
async fn an_artifact_meets_the_analyzers_of_the_first_route_that_fits() {
    let only = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
    let settings = Settings {
        analyzer_routes: Arc::new([
            AnalyzerRoute {
                repositories: vec![scope("octo/*")],
                artifacts: vec![wildcard("text/x-log")],
                analyzers: only(&["rust"]),
                ..AnalyzerRoute::default()
            },
            AnalyzerRoute {
                artifacts: vec![wildcard("text/x-diff")],
                except: vec!["rust".to_owned()],
                ..AnalyzerRoute::default()
            },
        ]),
        ..Settings::default()
    };
    let world = World::with(settings, |ports| {
        ports.plugins = Arc::new(ScriptedPlugins::analyzing(
            ScriptedAnalyzers::new(|_, _| Ok(vec![finds("python", 0), finds("rust", 10)]))
                .guessing(|_| vec![finds("guess", 20)]),
        ));
    });
    let log = "build.log is text/x-log, from octo/app";
    for (kind, repository, found, route) in [
        (
            ArtifactKind::Log,
            Some("octo/app"),
            &["rust"][..],
            Some(taken("plugins.analyzer_routes 1", log, &["rust"])),
        ),
        (
            ArtifactKind::Diff,
            Some("octo/app"),
            &["python"],
            Some(taken("plugins.analyzer_routes 2", "build.log is text/x-diff, from octo/app", &["python"])),
        ),
        (ArtifactKind::Log, Some("else/app"), &["python", "rust"], None),
        (ArtifactKind::Log, None, &["python", "rust"], None),
    ] {
        let artifact = Artifact::new(kind, "build.log", None);
        let report = judge(&world, repository).analyze(&artifact, bytes_of("x")).await.expect("read");
        let mut tools: Vec<&str> =
            report.diagnostics.iter().map(|found| found.diagnostic.tool.as_str()).collect();
        tools.sort_unstable();
        assert_eq!(tools, found, "{kind:?} {repository:?}");
        assert_eq!(report.routes, Vec::from_iter(route), "{kind:?} {repository:?}");
    }
    let artifact = Artifact::new(ArtifactKind::Log, "build.log", None);
    let diagnosis =
        judge(&world, Some("octo/app")).diagnose(&artifact, bytes_of("x")).await.expect("answered");
    assert_eq!(diagnosis.routes, [taken("plugins.analyzer_routes 1", log, &["rust"])]);
}

#[tokio::test]
async fn the_last_resort_is_asked_only_where_a_route_admits_it() {
    for (except, guesses) in [(vec!["guess".to_owned()], 0), (vec!["rust".to_owned()], 1)] {
        let route = AnalyzerRoute { except, ..AnalyzerRoute::default() };
        let settings = Settings { analyzer_routes: Arc::new([route]), ..Settings::default() };
        let world = World::with(settings, |ports| {
            let analyzers =
                ScriptedAnalyzers::new(|_, _| Ok(Vec::new())).guessing(|_| vec![finds("guess", 0)]);
            ports.plugins = Arc::new(ScriptedPlugins::analyzing(analyzers));
        });
        let artifact = Artifact::new(ArtifactKind::Log, "build.log", None);
        let content = bytes_of("it broke\n##[error]Process completed with exit code 1.\n");
        let report = judge(&world, None).analyze(&artifact, content).await.expect("read");
        let found = report.diagnostics.iter().filter(|found| found.diagnostic.tool == "guess");
        assert_eq!(found.count(), guesses);
    }
}

#[tokio::test]
async fn an_error_is_judged_by_the_matchers_of_the_first_route_that_fits() {
    let route = |repositories: &[&str], tools: &[&str], matcher: &str| MatcherRoute {
        repositories: repositories.iter().map(|text| scope(text)).collect(),
        tools: tools.iter().map(|text| wildcard(text)).collect(),
        panel: Panel::one(matcher),
    };
    let settings = Settings {
        matcher: Panel::one("everybody"),
        matcher_routes: vec![route(&["octo/app"], &["cargo*"], "team"), route(&[], &["rustc"], "compiler")],
        ..Settings::default()
    };
    let world = World::with(settings, |ports| {
        let matchers = ScriptedMatchers::by_name(|_, _, candidates| Ok(keyword_verdicts(candidates)));
        ports.plugins = Arc::new(ScriptedPlugins::matching(matchers));
    });
    world.moved_value_spell().await;
    for (repository, tool, matcher, route) in [
        (
            Some("octo/app"),
            "cargo-test",
            "team",
            Some(taken("plugins.matcher_routes 1", "an error of cargo-test, from octo/app", &["team"])),
        ),
        (Some("octo/other"), "cargo-test", "everybody", None),
        (
            None,
            "rustc",
            "compiler",
            Some(taken("plugins.matcher_routes 2", "an error of rustc", &["compiler"])),
        ),
        (None, "", "everybody", None),
    ] {
        let diagnostic = Diagnostic {
            tool: tool.to_owned(),
            message: "use of moved value: `names`".to_owned(),
            ..Diagnostic::default()
        };
        let report = judge(&world, repository).match_diagnostic(&diagnostic).await.expect("answered");
        let asked: Vec<&str> = report.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
        assert_eq!(asked, [matcher], "{repository:?} {tool}");
        assert_eq!(report.route, route, "{repository:?} {tool}");
        let explained = judge(&world, repository).explain(&diagnostic, None).await.expect("explained");
        assert_eq!((explained.route, explained.matchers.len()), (report.route, 1));
    }
}

#[tokio::test]
async fn a_plugin_that_a_route_names_cannot_be_taken_away() {
    let operator = Operator::with(|settings| {
        settings.matcher_routes = vec![MatcherRoute {
            repositories: Vec::new(),
            tools: vec![wildcard("rustc")],
            panel: Panel::one("team-matcher"),
        }];
        let route = AnalyzerRoute { except: vec!["team-analyzer".to_owned()], ..AnalyzerRoute::default() };
        settings.analyzer_routes = Arc::new([route]);
    })
    .await;
    operator.install("team-matcher", "mine").await.expect("a receipt");
    operator.install("team-analyzer", "mine").await.expect("a receipt");
    for (name, complaint) in [
        ("team-matcher", "nothing was changed: plugins.matcher_routes 1: team-matcher is not loaded"),
        ("team-analyzer", "nothing was changed: plugins.analyzer_routes 1: team-analyzer is not loaded"),
    ] {
        let before = operator.picture().await;
        let request = PluginRequest::Remove { name: name.to_owned(), digest: None };
        let error = operator.ask(request).await.expect_err("a route needs it").to_string();
        assert!(error.contains(complaint), "{error}");
        Operator::refused(&before, &operator.picture().await);
    }
}
