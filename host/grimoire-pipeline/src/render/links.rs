//! Links in a comment: to a line on GitHub, to the log of a job, to a spell.

use grimoire_domain::diagnostic::Diagnostic;
use grimoire_domain::review::{Diagnosis, ReviewKey};
use grimoire_domain::spell::SpellId;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::PLACE;
use super::defuse::quotable;

/// Characters of a path that are not escaped in a URL. Any other might end the URL or its Markdown.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-').remove(b'_');

/// The base URLs of links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// GitHub's web pages, such as `https://github.com`, without a trailing slash.
    pub github: String,
    /// The public URL of this server, without a trailing slash.
    pub server: Option<String>,
}

impl Default for Links {
    fn default() -> Self {
        Self { github: "https://github.com".to_owned(), server: None }
    }
}

impl Links {
    /// The line of a diagnostic at a review's commit; none for a path that is not plainly inside the repository.
    pub(super) fn line(&self, key: &ReviewKey, diagnostic: &Diagnostic) -> Option<String> {
        let location = diagnostic.location.as_ref()?;
        let path = location.path.strip_prefix("./").unwrap_or(&location.path);
        let inside = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        // A path that quoting would change may contain a secret, which must not appear in a URL either.
        if !inside || path.contains(['\\', ':']) || quotable(path, PLACE) != path {
            return None;
        }
        let path = utf8_percent_encode(path, ESCAPED);
        let anchor = location.start.map(|start| format!("#L{}", start.line)).unwrap_or_default();
        let repository = &key.pull_request.repository;
        Some(format!("{}/{repository}/blob/{}/{path}{anchor}", self.github, key.head_sha))
    }

    /// The web page of the job whose log the artifact is.
    pub(super) fn job(&self, diagnosis: &Diagnosis, artifact: &str) -> Option<String> {
        let page = diagnosis.pages.get(artifact)?;
        // The URL comes from GitHub's API: only one below GitHub's web pages is accepted, without characters that
        // would end the Markdown.
        let rest = page.strip_prefix(&self.github)?.strip_prefix('/')?;
        let harmless = rest.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '/' | '-' | '_' | '.' | '?' | '=' | '#')
        });
        harmless.then(|| page.clone())
    }

    /// The URL of a spell, if this server has a public URL.
    pub(super) fn spell(&self, id: SpellId) -> Option<String> {
        Some(format!("{}/api/spells/{id}", self.server.as_ref()?))
    }
}
