//! Routes: the operator's rules for which analyzers meet an artifact, and which matchers judge an error. Of several
//! routes the first that fits counts; without one, all analyzers and the chosen matchers do.

use std::fmt;
use std::sync::Arc;

use crate::ranking::Panel;
use crate::repository::RepositoryName;
use crate::scope::Scope;

/// A text, or with `*` at its end, the beginning of one. Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    beginning: String,
    is_whole: bool,
}

impl Wildcard {
    /// Parses it. The error completes "TEXT …".
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let (beginning, is_whole) =
            text.strip_suffix('*').map_or((text, true), |beginning| (beginning, false));
        if beginning.contains('*') {
            return Err("may have * only at its end, for any ending");
        }
        if beginning.is_empty() {
            return Err(if is_whole { "is empty" } else { "fits everything: leave it out" });
        }
        Ok(Self { beginning: beginning.to_ascii_lowercase(), is_whole })
    }

    /// Returns true if it fits a text.
    pub fn fits(&self, text: &str) -> bool {
        let beginning = text.get(..self.beginning.len());
        (!self.is_whole || text.len() == self.beginning.len())
            && beginning.is_some_and(|text| text.eq_ignore_ascii_case(&self.beginning))
    }

    /// Returns true if it fits everything that another one fits.
    fn covers(&self, other: &Self) -> bool {
        if self.is_whole { self == other } else { other.beginning.starts_with(&self.beginning) }
    }
}

impl fmt::Display for Wildcard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.beginning)?;
        if self.is_whole { Ok(()) } else { formatter.write_str("*") }
    }
}

/// Returns true if the first list of conditions holds wherever the second one does. An empty list always holds.
fn covers<T>(wide: &[T], narrow: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    wide.is_empty()
        || !narrow.is_empty() && narrow.iter().all(|one| wide.iter().any(|other| covers(other, one)))
}

fn scope_covers(wide: &Scope, narrow: &Scope) -> bool {
    match (wide, narrow) {
        (Scope::Global, _) => true,
        (_, Scope::Global) | (Scope::Repository(_), Scope::Owner(_)) => false,
        (Scope::Owner(wide), Scope::Owner(narrow)) => wide.eq_ignore_ascii_case(narrow),
        (wide, Scope::Repository(narrow)) => wide.contains(Some(narrow)),
    }
}

fn holds(scopes: &[Scope], repository: Option<&RepositoryName>) -> bool {
    scopes.is_empty() || scopes.iter().any(|scope| scope.contains(repository))
}

/// Which analyzers meet artifacts of some kinds from some repositories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AnalyzerRoute {
    /// The repositories; empty for every input, also one whose repository is unknown.
    pub repositories: Vec<Scope>,
    /// The media types; empty for all.
    pub artifacts: Vec<Wildcard>,
    /// The analyzers by name, in addition to those of `tools`; `None` with no `tools` for all.
    pub analyzers: Option<Vec<String>>,
    /// Tools: analyzers that say of themselves that they know one of them.
    pub tools: Vec<Wildcard>,
    /// Analyzers that are left out in any case.
    pub except: Vec<String>,
}

impl AnalyzerRoute {
    /// Returns true if it decides for artifacts of a media type from a repository.
    fn fits(&self, repository: Option<&RepositoryName>, media_type: &str) -> bool {
        holds(&self.repositories, repository)
            && (self.artifacts.is_empty() || self.artifacts.iter().any(|artifact| artifact.fits(media_type)))
    }

    /// Returns true if the artifacts that fit meet an analyzer with this name that says it knows these tools.
    fn admits(&self, analyzer: &str, tools: &[String]) -> bool {
        let is_named = |names: &[String]| names.iter().any(|name| name == analyzer);
        let knows = || tools.iter().any(|tool| self.tools.iter().any(|wanted| wanted.fits(tool)));
        let wanted = match &self.analyzers {
            None if self.tools.is_empty() => true,
            names => names.as_deref().is_some_and(is_named) || knows(),
        };
        wanted && !is_named(&self.except)
    }

    /// Returns true if it fits everything that another one fits.
    pub fn covers(&self, other: &Self) -> bool {
        covers(&self.repositories, &other.repositories, scope_covers)
            && covers(&self.artifacts, &other.artifacts, Wildcard::covers)
    }
}

/// The analyzer routes, for the artifacts of one repository.
#[derive(Debug, Clone, Default)]
pub struct AnalyzerRouting {
    routes: Arc<[AnalyzerRoute]>,
    repository: Option<RepositoryName>,
}

impl AnalyzerRouting {
    /// These routes for the artifacts of a repository.
    pub fn new(routes: Arc<[AnalyzerRoute]>, repository: Option<RepositoryName>) -> Self {
        Self { routes, repository }
    }

    /// The first route that fits a media type, with its number from 1.
    pub fn route(&self, media_type: &str) -> Option<(usize, &AnalyzerRoute)> {
        let mut routes = (1..).zip(self.routes.iter());
        routes.find(|(_, route)| route.fits(self.repository.as_ref(), media_type))
    }

    /// Returns true if artifacts of a media type meet an analyzer with this name that says it knows these tools.
    pub fn admits(&self, media_type: &str, analyzer: &str, tools: &[String]) -> bool {
        self.route(media_type).is_none_or(|(_, route)| route.admits(analyzer, tools))
    }
}

/// Which matchers judge errors of some tools in some repositories.
#[derive(Debug, Clone, PartialEq)]
pub struct MatcherRoute {
    /// The repositories; empty for every error, also one whose repository is unknown.
    pub repositories: Vec<Scope>,
    /// The tools that reported the error; empty for all.
    pub tools: Vec<Wildcard>,
    /// The matchers.
    pub panel: Panel,
}

impl MatcherRoute {
    /// Returns true if it decides for errors of a tool in a repository.
    pub fn fits(&self, repository: Option<&RepositoryName>, tool: &str) -> bool {
        holds(&self.repositories, repository)
            && (self.tools.is_empty() || self.tools.iter().any(|wanted| wanted.fits(tool)))
    }

    /// Returns true if it fits everything that another one fits.
    pub fn covers(&self, other: &Self) -> bool {
        covers(&self.repositories, &other.repositories, scope_covers)
            && covers(&self.tools, &other.tools, Wildcard::covers)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    fn wildcards(texts: &[&str]) -> Vec<Wildcard> {
        texts.iter().map(|text| Wildcard::parse(text).unwrap()).collect()
    }

    fn route(repositories: &[&str], artifacts: &[&str]) -> AnalyzerRoute {
        AnalyzerRoute {
            repositories: repositories.iter().map(|text| Scope::parse(text).unwrap()).collect(),
            artifacts: wildcards(artifacts),
            ..AnalyzerRoute::default()
        }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_wildcard_fits_a_text_or_what_begins_with_it() {
        for (wildcard, text, fits) in [
            ("cargo", "Cargo", true),
            ("cargo", "cargo-test", false),
            ("cargo*", "cargo-test", true),
            ("text/*", "text/x-log", true),
            ("text/*", "textile", false),
            ("é*", "e", false),
            ("ab*", "aé", false),
        ] {
            assert_eq!(Wildcard::parse(wildcard).unwrap().fits(text), fits, "{wildcard} {text}");
        }
        for bad in ["", "*", "a*b", "*a", "**"] {
            assert!(Wildcard::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_route_that_fits_counts() {
        let mut first = route(&["octo/*"], &["text/x-log"]);
        first.analyzers = Some(names(&["analyzer-rust"]));
        first.tools = wildcards(&["pytest"]);
        let mut second = route(&[], &[]);
        second.except = names(&["analyzer-guess"]);
        let routes: Arc<[AnalyzerRoute]> = Arc::new([first, second]);
        let of = |repository: Option<&str>| {
            let repository = repository.map(|name| RepositoryName::parse(name).unwrap());
            AnalyzerRouting::new(Arc::clone(&routes), repository)
        };
        let python = names(&["pytest"]);
        for (repository, media_type, number, rust, guess, knows_pytest) in [
            (Some("Octo/app"), "text/x-log", 1, true, false, true),
            (Some("octo/app"), "text/x-diff", 2, true, false, true),
            (None, "text/x-log", 2, true, false, true),
        ] {
            let routing = of(repository);
            assert_eq!(routing.route(media_type).unwrap().0, number, "{repository:?} {media_type}");
            assert_eq!(routing.admits(media_type, "analyzer-rust", &[]), rust);
            assert_eq!(routing.admits(media_type, "analyzer-guess", &[]), guess);
            assert_eq!(routing.admits(media_type, "analyzer-python", &python), knows_pytest);
        }
        assert!(!of(Some("octo/app")).admits("text/x-log", "analyzer-go", &names(&["go"])));
        assert!(AnalyzerRouting::default().admits("text/x-log", "any", &[]));
    }

    #[test]
    fn a_route_covers_what_it_leaves_nothing_of() {
        for (wide, narrow, covers) in [
            (route(&[], &[]), route(&["octo/app"], &[]), true),
            (route(&["octo/app"], &[]), route(&[], &[]), false),
            (route(&["octo/*"], &[]), route(&["Octo/app"], &["text/*"]), true),
            (route(&["octo/app"], &[]), route(&["octo/*"], &[]), false),
            (route(&["octo/*"], &[]), route(&["octo/app", "other/app"], &[]), false),
            (route(&[], &["text/*"]), route(&[], &["text/x-log"]), true),
            (route(&[], &["text/x-log"]), route(&[], &["text/*"]), false),
            (route(&[], &["text/x-log"]), route(&[], &["text/x-log"]), true),
        ] {
            assert_eq!(wide.covers(&narrow), covers, "{wide:?} {narrow:?}");
        }
    }
}
