//! Secrets in text that is stored or shown. GitHub masks the secrets that it knows in logs, but not those that a
//! program prints in another form, nor those in logs of other runners.
//!
//! The shapes are documented by the issuers and searched for by the rules of gitleaks
//! (`config/gitleaks.toml`) and GitHub's secret scanning. A new one needs a line here and a line in the test.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex, RegexSet};

/// The replacement of a secret.
pub const MASK: &str = "[redacted]";

/// Shapes of secrets. The groups `keep` and `end` hold the text that may stay, such as the name of a setting.
const SHAPES: &[&str] = &[
    // Private keys of all kinds, also if the end was cut off, and in JSON with escaped line ends.
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|\z)",
    r"(?P<keep>\bPrivate-Lines: \d+\s)[A-Za-z0-9+/=\s]{40,}",
    r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}",
    // GitHub, GitLab, Bitbucket, Atlassian.
    r"\b(gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})",
    r"\b(gl(pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct)-[A-Za-z0-9_.-]{16,}|GR1348941[A-Za-z0-9_-]{16,})",
    r"\bAT(ATT3|BB|CTT3)[A-Za-z0-9_=-]{24,}",
    // Package registries and images.
    r"\b(npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{40,}|cio[A-Za-z0-9]{32}\b|rubygems_[a-f0-9]{40,}|oy2[a-z0-9]{43})",
    r"\b(dckr_(pat|oat)_[A-Za-z0-9_-]{20,}|cmVmdGtu[A-Za-z0-9]{40,}|AKCp[A-Za-z0-9]{60,})",
    // Clouds and hosting providers.
    r"\b(A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    r"\b(AIza[A-Za-z0-9_-]{35}|GOCSPX-[A-Za-z0-9_-]{20,}|ya29\.[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,})",
    r"(?P<keep>\b(AccountKey|SharedAccessKey)=)[A-Za-z0-9+/]{30,}={0,2}",
    r"(?P<keep>[?&](sig|signature|X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature)=)[A-Za-z0-9%+/=_-]{16,}",
    r"\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,34}",
    r"\b(do[opr]_v1_[a-f0-9]{64}|HRKU-[A-Za-z0-9_-]{36,}|rnd_[A-Za-z0-9]{30,}|fo1_[A-Za-z0-9_-]{40,}|FlyV1 fm\d_[A-Za-z0-9+/=,_-]{40,})",
    r"\b(hv[sbr]\.[A-Za-z0-9_-]{24,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}|pul-[a-f0-9]{40}|dapi[a-f0-9]{32})",
    r"\b(dp\.(pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,}|sbp_[a-f0-9]{40}|pscale_(tkn|oauth|pw)_[A-Za-z0-9_.=-]{32,})",
    // Messages, payments, mail.
    r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{20,}",
    r"(?P<keep>hooks\.slack\.com/(services|workflows|triggers)/)[A-Za-z0-9/_+-]{20,}",
    r"(?P<keep>discord(app)?\.com/api/webhooks/\d+/)[A-Za-z0-9_-]{40,}",
    r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
    r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,33}",
    r"(?P<keep>webhook\.office\.com/webhookb2/)[A-Za-z0-9@/-]{60,}",
    r"\b([rs]k_(live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{24,}|sq0(atp|csp)-[A-Za-z0-9_-]{20,}|shp(at|ca|pa|ss)_[a-fA-F0-9]{32})",
    r"\b(SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|key-[a-f0-9]{32}\b|[a-f0-9]{32}-us\d{1,2}\b|SK[a-f0-9]{32}\b|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16})",
    // Model providers.
    r"\b(sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{30,}|gsk_[A-Za-z0-9]{40,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{40,}|xai-[A-Za-z0-9]{60,})",
    // Developer and team tools.
    r"\b(PMAK-[a-f0-9]{24}-[a-f0-9]{34}|lin_api_[A-Za-z0-9]{32,}|ntn_[A-Za-z0-9]{40,}|figd_[A-Za-z0-9_-]{40,}|pat[A-Za-z0-9]{14}\.[a-f0-9]{64})",
    r"\b(sntry[su]_[A-Za-z0-9+/=_-]{40,}|glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/=]{32,}|NRAK-[A-Z0-9]{27}|sq[pua]_[a-f0-9]{40})",
    r"(?P<keep>https://)[a-f0-9]{32}(:[a-f0-9]{32})?(?P<end>@[a-z0-9.-]*sentry\.io)",
    // JSON Web Tokens.
    r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    // Credentials in URLs, headers and options.
    r"(?P<keep>[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?P<end>@)",
    r#"(?i)(?P<keep>\b(proxy-)?authorization\b["']?\W{1,4}(basic|bearer|token|digest|negotiate|apikey)\s+)[A-Za-z0-9._~+/=-]{8,}"#,
    r"(?i)(?P<keep>\bbearer\s+)[A-Za-z0-9._~+/=-]{16,}",
    r#"(?i)(?P<keep>\b(set-)?cookie\b["']?\s*:\s*)[^\r\n]{8,}"#,
    r#"(?i)(?P<keep>\b(x-(api|auth|access|vault|goog|amz-security)-?(key|token|api-key)|private-token|job-token|apikey)["']?\s*[:=]\s*["']?)[^\s"',;]{8,}"#,
    r#"(?i)(?P<keep>\s--?(password|passwd|pass|token|secret|api-?key|auth-token|client-secret|access-key|secret-key)[= ]["']?)[^\s"'`$<{\[-][^\s"'`]{5,}"#,
    r#"(?P<keep>\b(curl|wget|http)\b[^\r\n]*\s(-u|--user)[= ]?["']?[^\s:"']{1,100}:)[^\s"']{4,}"#,
    r"(?P<keep>\bmachine\s+\S+\s+login\s+\S+\s+password\s+)\S{4,}",
    // Settings with a telling name, as an assignment, JSON, YAML or a connection string.
    r#"(?i)(?P<keep>\b[A-Za-z0-9_.-]*(password|passwd|passphrase|pwd|secret|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|auth[_-]?token|access[_-]?token|refresh[_-]?token|id[_-]?token|session[_-]?token|credentials?|_auth|_token|_authToken)[A-Za-z0-9_-]*["']?\s*(?:=>|[:=])\s*["']?)[^\s"'`,;*$<{\[(][^\s"'`,;*]{7,}"#,
];

static COMPILED: LazyLock<(RegexSet, Vec<Regex>)> = LazyLock::new(|| {
    let shapes: Vec<Regex> =
        SHAPES.iter().map(|shape| Regex::new(shape).expect("the shapes are constant and tested")).collect();
    // One pass finds the shapes that are worth replacing.
    let any = RegexSet::new(SHAPES).expect("each of them compiles");
    (any, shapes)
});

/// Replaces everything in `text` that has the shape of a secret by [`MASK`]. Linear time.
pub fn mask(text: &str) -> Cow<'_, str> {
    let (any, shapes) = &*COMPILED;
    let mut masked = Cow::Borrowed(text);
    for place in any.matches(text) {
        let replaced = shapes[place].replace_all(&masked, |found: &Captures<'_>| {
            let part = |name| found.name(name).map_or("", |part| part.as_str());
            format!("{}{MASK}{}", part("keep"), part("end"))
        });
        if let Cow::Owned(replaced) = replaced {
            masked = Cow::Owned(replaced);
        }
    }
    masked
}

/// Masks a text in place.
pub fn mask_in(text: &mut String) {
    if let Cow::Owned(masked) = mask(text) {
        *text = masked;
    }
}

#[cfg(test)]
mod tests;
