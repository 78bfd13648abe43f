//! The repositories in which a spell is offered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::repository::RepositoryName;
use crate::validation::FieldErrors;

/// Where a spell is offered: everywhere, to one account's repositories, or to one repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Everywhere.
    #[default]
    Global,
    /// To all repositories of this account.
    Owner(String),
    /// To this repository.
    Repository(RepositoryName),
}

/// The syntax of a scope, as a regular expression.
pub const SCOPE_SHAPE: &str = "^(global|[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}/(\\*|[A-Za-z0-9._-]{1,100}))$";

impl Scope {
    /// Parses `global`, `owner/*` or `owner/name`.
    pub fn parse(text: &str) -> Result<Self, FieldErrors> {
        let wrong = || FieldErrors::one("scope", "must be global, owner/* or owner/name");
        if text == "global" {
            return Ok(Self::Global);
        }
        if let Some(owner) = text.strip_suffix("/*") {
            // The owner is checked as part of a repository name; any name will do.
            RepositoryName::parse(&format!("{owner}/any")).map_err(|_| wrong())?;
            return Ok(Self::Owner(owner.to_owned()));
        }
        RepositoryName::parse(text).map(Self::Repository).map_err(|_| wrong())
    }

    /// Returns true if a spell with this scope is offered for errors of a repository. If the repository is unknown,
    /// only global spells are offered. GitHub ignores the case of names.
    pub fn contains(&self, repository: Option<&RepositoryName>) -> bool {
        match (self, repository) {
            (Self::Global, _) => true,
            (Self::Owner(_) | Self::Repository(_), None) => false,
            (Self::Owner(owner), Some(repository)) => owner.eq_ignore_ascii_case(repository.owner()),
            (Self::Repository(name), Some(repository)) => {
                name.as_str().eq_ignore_ascii_case(repository.as_str())
            }
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Owner(owner) => write!(formatter, "{owner}/*"),
            Self::Repository(name) => name.fmt(formatter),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = FieldErrors;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use regex::Regex;

    use super::*;

    fn repository(name: &str) -> RepositoryName {
        RepositoryName::parse(name).unwrap()
    }

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        let shape = Regex::new(SCOPE_SHAPE).unwrap();
        for text in ["global", "octo/*", "octo/app", "global/app", "a.b_c-d/e.f"] {
            assert_eq!(Scope::parse(text).unwrap().to_string(), text);
            assert!(shape.is_match(text), "{text}");
        }
        for text in ["", "octo", "*", "/*", "*/*", "octo/", "octo/app/*", "Global", " octo/app", "octo/ap p"]
        {
            let error = Scope::parse(text).unwrap_err();
            assert_eq!(error.errors()[0].field, "scope", "{text:?}");
            assert!(!shape.is_match(text), "{text:?}");
        }
    }

    #[test]
    fn a_scope_contains_its_repositories() {
        let app = repository("Octo/App");
        for (scope, inside) in [
            ("global", true),
            ("octo/*", true),
            ("octo/app", true),
            ("octo/application", false),
            ("oct/*", false),
            ("other/app", false),
        ] {
            let scope = Scope::parse(scope).unwrap();
            assert_eq!(scope.contains(Some(&app)), inside, "{scope}");
            assert_eq!(scope.contains(None), scope == Scope::Global, "{scope}");
        }
    }
}
