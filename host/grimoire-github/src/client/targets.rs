//! The places from which logs and artifacts may be fetched.

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;
use url::{Host, Origin, Url};

use super::origin::has_user;

/// The operator's rules for the targets of redirects.
#[derive(Debug)]
pub(super) struct Targets {
    /// Lower-case domains without a leading dot.
    suffixes: Vec<String>,
    origins: Vec<Origin>,
}

/// How to reach a permitted target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// At any address: the operator named the origin.
    Named,
    /// At public addresses only.
    Public,
}

impl Targets {
    /// Fails with `Invalid` for an empty domain or an IP address, and for an origin that is not an HTTP origin.
    pub(super) fn new(hosts: &[String], origins: &[Url]) -> Result<Self, PortError> {
        let invalid = |message: String| PortError::new(ErrorKind::Invalid, message);
        let suffix = |host: &String| {
            let host = host.trim().trim_start_matches("*.").trim_matches('.').to_ascii_lowercase();
            match Host::parse(&host) {
                Ok(Host::Domain(domain)) if !domain.is_empty() => Ok(domain),
                _ => Err(invalid(format!("{host:?} is no domain that something could be fetched from"))),
            }
        };
        let origin = |url: &Url| match url.scheme() {
            "http" | "https" => Ok(url.origin()),
            _ => Err(invalid("logs and artifacts can be fetched over http and https only".to_owned())),
        };
        Ok(Self {
            suffixes: hosts.iter().map(suffix).collect::<Result<_, _>>()?,
            origins: origins.iter().map(origin).collect::<Result<_, _>>()?,
        })
    }

    /// Decides how to reach `url`; fails with `Forbidden` if no rule permits it. The error names only
    /// the host, because the rest of the URL is a secret while it is valid.
    pub(super) fn judge(&self, url: &Url) -> Result<Route, PortError> {
        if !has_user(url) {
            if self.origins.contains(&url.origin()) {
                return Ok(Route::Named);
            }
            if let ("https", Some(Host::Domain(host))) = (url.scheme(), url.host())
                && self.suffixes.iter().any(|suffix| is_below(host, suffix))
            {
                return Ok(Route::Public);
            }
        }
        Err(PortError::new(
            ErrorKind::Forbidden,
            format!(
                "GitHub redirects to {}, which is not among the hosts of github.storage_hosts",
                url.host_str().unwrap_or("nowhere")
            ),
        ))
    }
}

fn is_below(host: &str, suffix: &str) -> bool {
    host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use super::*;

    fn targets() -> Targets {
        let hosts = ["blob.core.windows.net".to_owned(), "*.Example.org".to_owned()];
        Targets::new(&hosts, &[Url::parse("http://127.0.0.1:4000/x").unwrap()]).unwrap()
    }

    fn judge(url: &str) -> Result<Route, PortError> {
        targets().judge(&Url::parse(url).unwrap())
    }

    #[test]
    fn named_hosts_are_permitted() {
        for url in [
            "https://blob.core.windows.net/x?sig=1",
            "https://productionresultssa0.blob.core.windows.net/x",
            "https://LOGS.example.org:8443/",
        ] {
            assert_eq!(judge(url).unwrap(), Route::Public, "{url}");
        }
        assert_eq!(judge("http://127.0.0.1:4000/logs").unwrap(), Route::Named);
    }

    #[test]
    fn everything_else_is_refused_without_quoting_the_url() {
        for url in [
            "http://x.blob.core.windows.net/hunter2",
            "https://evilblob.core.windows.net/hunter2",
            "https://blob.core.windows.net.evil.example/hunter2",
            "https://evil.example/blob.core.windows.net?hunter2",
            "https://blob.core.windows.net@evil.example/hunter2",
            "https://hunter2@x.blob.core.windows.net/",
            "https://169.254.169.254/hunter2",
            "https://[::1]/hunter2",
            "http://127.0.0.1:4001/hunter2",
            "https://127.0.0.1:4000/hunter2",
            "http://2130706433:4001/hunter2",
            "file:///etc/hunter2",
            "data:text/plain,hunter2",
        ] {
            let error = judge(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Forbidden, "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn rules_that_are_none_are_invalid() {
        for host in ["", ".", "*.", "127.0.0.1", "[::1]", "a b"] {
            assert!(Targets::new(&[host.to_owned()], &[]).is_err(), "{host:?}");
        }
        assert!(Targets::new(&[], &[Url::parse("file:///x").unwrap()]).is_err());
    }
}
