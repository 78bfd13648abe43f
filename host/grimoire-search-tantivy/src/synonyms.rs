//! Synonyms that developers use.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::rank::Matcher;
use crate::tokenizer::{whole, wholes, words};

/// Names that mean the same.
const SAME: &[&[&str]] = &[
    &["k8s", "kubernetes"],
    &["npe", "NullPointerException", "null pointer exception"],
    &["oom", "out of memory", "OutOfMemoryError"],
    &["segfault", "segmentation fault", "SIGSEGV"],
    &["env var", "environment variable", "envvar"],
    &["cpp", "c plus plus"],
    &["csharp", "c sharp"],
    &["go", "golang"],
    &["js", "javascript"],
    &["ts", "typescript"],
    &["node.js", "nodejs", "node"],
    &["postgres", "postgresql", "pg"],
    &["mongo", "mongodb"],
    &["github actions", "gha", "gh actions"],
    &["tf", "terraform"],
    &["py", "python"],
    &["cert", "certificate"],
    &["perm", "permission"],
    &["config", "configuration", "conf"],
    &["deps", "dependency", "dependencies"],
    &["repo", "repository"],
    &["db", "database"],
    &["dir", "directory", "folder"],
    &["arg", "argument"],
    &["param", "parameter"],
    &["var", "variable"],
    &["lib", "library"],
    &["pkg", "package"],
    &["func", "function", "fn"],
    &["creds", "credentials"],
    &["docs", "documentation"],
    &["license", "licence"],
    &["lockfile", "lock file"],
    &["async", "asynchronous"],
    &["timeout", "timed out", "time out"],
    &["login", "log in", "logged in"],
    &["asan", "AddressSanitizer"],
    &["ubsan", "UndefinedBehaviorSanitizer"],
    &["tsan", "ThreadSanitizer"],
    &["msan", "MemorySanitizer"],
    &["lsan", "LeakSanitizer"],
    &["crlf", "Windows line endings", "carriage return"],
    &["regex", "regular expression"],
    &["pull request", "pr"],
    &["yml", "yaml"],
    &["eof", "end of file"],
    &["enoent", "no such file or directory"],
    &["eacces", "permission denied"],
    &["econnrefused", "connection refused"],
    &["econnreset", "connection reset"],
    &["eaddrinuse", "address already in use", "port already in use"],
    &["enospc", "no space left on device", "disk full"],
    &["emfile", "too many open files"],
    &["etimedout", "timed out"],
    &["toomanyrequests", "too many requests", "rate limit"],
    &["self signed", "selfsigned"],
    &["find", "found"],
];

/// Names that include others, but not the other way round.
const MEANS: &[(&str, &[&str])] = &[
    ("auth", &["authentication", "authorization", "unauthorized", "authenticated", "NOAUTH"]),
    ("oom", &["exit code 137", "OOMKilled", "java heap space"]),
    ("segfault", &["signal 11", "exit code 139"]),
    ("null pointer", &["NullPointerException", "NullReferenceException", "nil pointer"]),
    ("perm", &["permission denied", "EACCES"]),
    ("ssl", &["TLS"]),
    ("tls", &["SSL"]),
    ("mac", &["macos"]),
    ("docker compose", &["docker-compose"]),
    ("mem", &["memory"]),
    ("ram", &["memory"]),
    ("gpu", &["cuda"]),
    ("apt get", &["apt"]),
    ("twice", &["more than once"]),
    ("wasm", &["wasm32", "webassembly"]),
];

/// Maximum number of words of a name that has synonyms.
pub(crate) const MOST_WORDS: usize = 5;

/// Matchers for each synonym of a name, by the name's terms.
static SYNONYMS: LazyLock<BTreeMap<Vec<String>, Vec<Matcher>>> = LazyLock::new(|| {
    let mut synonyms: BTreeMap<Vec<String>, Vec<Matcher>> = BTreeMap::new();
    let mut add = |name: &str, synonym: &str| {
        let matcher = match whole(synonym) {
            Some(whole) if !synonym.contains(' ') => Some(Matcher::All(vec![whole])),
            _ => Matcher::of(&words(synonym)),
        };
        let (name, synonym) = (terms(name), terms(synonym));
        let known = synonyms.entry(name.clone()).or_default();
        known.extend(matcher.filter(|matcher| name != synonym && !known.contains(matcher)));
    };
    for names in SAME {
        for name in *names {
            names.iter().for_each(|synonym| add(name, synonym));
        }
    }
    for (name, meanings) in MEANS {
        meanings.iter().for_each(|synonym| add(name, synonym));
    }
    synonyms
});

fn terms(name: &str) -> Vec<String> {
    wholes(name).collect()
}

/// Matchers for the synonyms of a name of one term.
pub(crate) fn of(term: &str) -> Vec<Matcher> {
    SYNONYMS.get(&vec![term.to_owned()]).cloned().unwrap_or_default()
}

/// The longest prefix of `row` that has synonyms: its number of terms, and the matchers for the
/// synonyms.
pub(crate) fn longest(row: &[&str]) -> Option<(usize, Vec<Matcher>)> {
    (1..=row.len()).rev().find_map(|length| {
        let beginning: Vec<String> = row[..length].iter().map(|&term| term.to_owned()).collect();
        SYNONYMS.get(&beginning).map(|synonyms| (length, synonyms.clone()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn synonyms_of(name: &str) -> Vec<String> {
        let terms = terms(name);
        let row: Vec<&str> = terms.iter().map(String::as_str).collect();
        let synonyms = longest(&row).map(|(_, synonyms)| synonyms).unwrap_or_default();
        synonyms.iter().map(|matcher| matcher.terms().join(" ")).collect()
    }

    #[test]
    fn synonyms_go_both_ways_or_one() {
        assert_eq!(synonyms_of("k8s"), ["kubernet"]);
        assert_eq!(synonyms_of("Kubernetes"), ["k8s"]);
        assert!(synonyms_of("auth").contains(&"authent".to_owned()));
        assert!(!synonyms_of("authentication").contains(&"auth".to_owned()));
        assert!(synonyms_of("environment variables").contains(&"env var".to_owned()));
        assert!(synonyms_of("quetzalcoatl").is_empty());
    }

    #[test]
    fn the_longest_name_counts() {
        let (length, synonyms) = longest(&["env", "var", "not"]).expect("known");
        assert_eq!(length, 2);
        assert!(
            synonyms.contains(&Matcher::of(&words("environment variable")).expect("words")),
            "{synonyms:?}"
        );
    }

    #[test]
    fn no_name_is_longer_than_what_is_looked_at() {
        assert!(SYNONYMS.keys().all(|name| (1..=MOST_WORDS).contains(&name.len())));
    }
}
