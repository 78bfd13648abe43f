//! The only origin that receives the token.

use grimoire_domain::kind::ErrorKind;
use grimoire_domain::repository::RepositoryName;
use grimoire_ports::PortError;
use url::{Host, Origin, Url};

/// Builds URLs of the API and recognises them.
#[derive(Debug)]
pub(super) struct Api {
    base: Url,
    origin: Origin,
}

impl Api {
    /// Checks the operator's base URL.
    pub(super) fn new(mut base: Url) -> Result<Self, PortError> {
        let invalid = |reason: &str| {
            // The message omits the URL, which may contain a password.
            Err(PortError::new(ErrorKind::Invalid, format!("the base URL of GitHub's API {reason}")))
        };
        if base.scheme() != "https" && !(base.scheme() == "http" && is_loopback(&base)) {
            return invalid("must begin with https:// (http:// is for loopback addresses only)");
        }
        if has_user(&base) {
            return invalid("must not have a user or a password");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return invalid("must not have a query or a fragment");
        }
        if let Ok(mut segments) = base.path_segments_mut() {
            segments.pop_if_empty();
        }
        Ok(Self { origin: base.origin(), base })
    }

    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Returns true if the token may be sent to `url`.
    pub(super) fn owns(&self, url: &Url) -> bool {
        url.origin() == self.origin && !has_user(url)
    }

    /// The URL of `path`, given as segments, below the base.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut().expect("http and https URLs have paths").extend(path);
        url
    }

    /// The URL of `path` in a repository. The repository's name was validated, so it cannot change the path.
    pub(super) fn repository(&self, repository: &RepositoryName, path: &[&str]) -> Url {
        let mut url = self.url(&["repos", repository.owner(), repository.name()]);
        url.path_segments_mut().expect("http and https URLs have paths").extend(path);
        url
    }
}

/// The base URL of GitHub's web pages for an API, without trailing slash: GitHub's own pages, those of a tenant
/// with data residency (`api.NAME.ghe.com`), or those of a server (`https://HOST/api/v3`).
pub fn web_pages(api: &Url) -> String {
    match api.host_str() {
        Some("api.github.com") => "https://github.com".to_owned(),
        Some(host) if host.ends_with(".ghe.com") => {
            format!("https://{}", host.strip_prefix("api.").unwrap_or(host))
        }
        _ => api.origin().ascii_serialization(),
    }
}

/// The same URL with a query.
pub(super) fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(query);
    url
}

pub(super) fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    fn api(base: &str) -> Result<Api, PortError> {
        Api::new(Url::parse(base).unwrap())
    }

    #[test]
    fn people_read_what_the_api_serves_elsewhere() {
        for (api, pages) in [
            ("https://api.github.com", "https://github.com"),
            ("https://api.octo.ghe.com", "https://octo.ghe.com"),
            ("https://ghe.example:8443/api/v3/", "https://ghe.example:8443"),
        ] {
            assert_eq!(web_pages(&Url::parse(api).unwrap()), pages);
        }
    }

    #[test]
    fn only_safe_bases_are_taken() {
        for base in [
            "https://api.github.com",
            "https://ghe.example:8443/api/v3/",
            "http://127.0.0.1:1",
            "http://[::1]:2",
            "http://localhost",
        ] {
            assert!(api(base).is_ok(), "{base}");
        }
        for base in [
            "http://api.github.com",
            "http://127.0.0.1.example",
            "ftp://api.github.com",
            "https://user@api.github.com",
            "https://:hunter2@api.github.com",
            "https://api.github.com?x=1",
            "https://api.github.com#x",
        ] {
            let error = api(base).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{base}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn the_token_goes_to_exactly_one_origin() {
        let api = api("https://api.github.com").unwrap();
        for url in ["https://api.github.com/x", "https://api.github.com:443/", "https://API.GitHub.com/"] {
            assert!(api.owns(&Url::parse(url).unwrap()), "{url}");
        }
        for url in [
            "http://api.github.com/",
            "https://api.github.com:444/",
            "https://api.github.com.evil.example/",
            "https://evil.example/api.github.com",
            "https://api.github.com@evil.example/",
            "https://me@api.github.com/",
            "https://github.com/",
            "data:text/plain,x",
        ] {
            assert!(!api.owns(&Url::parse(url).unwrap()), "{url}");
        }
    }

    #[test]
    fn urls_are_built_below_the_base() {
        let repository = RepositoryName::parse("octo/app").unwrap();
        for base in ["https://ghe.example/api/v3", "https://ghe.example/api/v3/"] {
            let url = api(base).unwrap().repository(&repository, &["pulls", "7"]);
            assert_eq!(url.as_str(), "https://ghe.example/api/v3/repos/octo/app/pulls/7");
        }
        let url = with_query(api("https://api.github.com").unwrap().url(&["user"]), &[("q", "a b&c")]);
        assert_eq!(url.as_str(), "https://api.github.com/user?q=a+b%26c");
    }
}
