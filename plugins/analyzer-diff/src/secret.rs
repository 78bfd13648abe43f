//! Private keys and access tokens by their well-known shapes.

/// A secret that a line has. It never holds the secret itself.
pub(crate) struct Secret {
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
}

/// What characters a token's body has.
#[derive(Clone, Copy)]
enum Body {
    UpperAlphanumeric,
    Alphanumeric,
    /// Letters, digits, `_` and `-`.
    Word,
    /// The same and `.`, for tokens in parts.
    Parts,
}

/// A token's beginning, the characters after it, how many there are at least, and whose it is.
struct Shape(&'static str, Body, usize, &'static str);

const SHAPES: &[Shape] = &[
    Shape("AKIA", Body::UpperAlphanumeric, 16, "AWS access key id"),
    Shape("ASIA", Body::UpperAlphanumeric, 16, "AWS session key id"),
    Shape("ghp_", Body::Alphanumeric, 36, "GitHub personal access token"),
    Shape("gho_", Body::Alphanumeric, 36, "GitHub OAuth token"),
    Shape("ghu_", Body::Alphanumeric, 36, "GitHub user token"),
    Shape("ghs_", Body::Alphanumeric, 36, "GitHub server token"),
    Shape("ghr_", Body::Alphanumeric, 36, "GitHub refresh token"),
    Shape("github_pat_", Body::Word, 60, "GitHub personal access token"),
    Shape("glpat-", Body::Word, 20, "GitLab personal access token"),
    Shape("xoxb-", Body::Word, 24, "Slack bot token"),
    Shape("xoxp-", Body::Word, 24, "Slack user token"),
    Shape("xapp-", Body::Word, 24, "Slack app token"),
    Shape("sk_live_", Body::Alphanumeric, 24, "Stripe secret key"),
    Shape("rk_live_", Body::Alphanumeric, 24, "Stripe restricted key"),
    Shape("AIza", Body::Word, 35, "Google API key"),
    Shape("npm_", Body::Alphanumeric, 36, "npm access token"),
    Shape("pypi-AgEI", Body::Word, 50, "PyPI token"),
    Shape("sk-ant-", Body::Word, 40, "Anthropic API key"),
    Shape("sk-proj-", Body::Word, 40, "OpenAI API key"),
    Shape("SG.", Body::Parts, 60, "SendGrid API key"),
    Shape("hf_", Body::Alphanumeric, 34, "Hugging Face token"),
    Shape("dop_v1_", Body::Alphanumeric, 64, "DigitalOcean token"),
    Shape("shpat_", Body::Alphanumeric, 32, "Shopify access token"),
];

/// Kinds of characters that a real token's body has at least; placeholders such as `xxxxxxxx` have fewer.
const VARIETY: usize = 8;

/// The first secret of a line.
pub(crate) fn find(text: &str) -> Option<Secret> {
    if is_private_key(text) {
        return Some(Secret { code: "private-key", name: "private key" });
    }
    SHAPES
        .iter()
        .find(|shape| has_token(text, shape))
        .map(|Shape(_, _, _, name)| Secret { code: "token", name })
}

/// The first line of a private key: the line holds nothing else but quotes, assignments and escapes.
/// Code that only looks for such lines (`contains("-----BEGIN PRIVATE KEY-----")`) is no key.
fn is_private_key(text: &str) -> bool {
    let Some(at) = text.find("-----BEGIN ") else { return false };
    let Some((kind, rest)) = text[at + "-----BEGIN ".len()..].split_once("-----") else { return false };
    if !(kind.ends_with("PRIVATE KEY") || kind == "PGP PRIVATE KEY BLOCK") || kind.len() > 40 {
        return false;
    }
    let before = text[..at].trim_end_matches(['"', '\'', '`', ' ', '\t']);
    let opens = before.is_empty() || before.ends_with(['=', ':', '|']);
    // A key in one string has its line ends escaped.
    opens && (rest.trim().is_empty() || rest.starts_with("\\n") || rest.starts_with("\\r"))
}

fn has_token(text: &str, Shape(start, body, least, _): &Shape) -> bool {
    memchr::memmem::find_iter(text.as_bytes(), start).any(|at| {
        let before = text.as_bytes()[..at].last();
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            return false;
        }
        let rest = &text.as_bytes()[at + start.len()..];
        let length = rest
            .iter()
            .take_while(|byte| match body {
                Body::UpperAlphanumeric => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
                Body::Alphanumeric => byte.is_ascii_alphanumeric(),
                Body::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
                Body::Parts => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'),
            })
            .count();
        length >= *least && is_real(&rest[..length])
    })
}

/// Whether a token's body is no placeholder of a documentation.
fn is_real(body: &[u8]) -> bool {
    let mut seen = [false; 128];
    let variety =
        body.iter().filter(|byte| !std::mem::replace(&mut seen[usize::from(**byte) & 127], true)).count();
    let upper = body.to_ascii_uppercase();
    let says_so = ["EXAMPLE", "XXXXX", "PLACEHOLDER", "YOUR_", "YOUR-", "00000000", "12345678"]
        .iter()
        .any(|word| memchr::memmem::find(&upper, word.as_bytes()).is_some());
    variety >= VARIETY && !says_so
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body with variety, built here so that no token stands in this file.
    fn body(length: usize) -> String {
        "aZ3bY9cX7dW5eV2fU".chars().cycle().take(length).collect()
    }

    #[test]
    fn tokens_are_known_by_shape() {
        for (start, length) in
            [("ghp_", 36), ("glpat-", 20), ("sk_live_", 24), ("AIza", 35), ("github_pat_", 60)]
        {
            let line = format!("const token = \"{start}{}\";", body(length));
            assert_eq!(find(&line).map(|secret| secret.code), Some("token"), "{start}");
            let short = format!("{start}{}", body(length - 1));
            assert!(find(&short).is_none(), "{start}");
            let inside = format!("x{start}{}", body(length));
            assert!(find(&inside).is_none(), "{start}");
        }
        let upper = format!("AKIA{}", body(16).to_ascii_uppercase());
        assert!(find(&upper).is_some());
    }

    #[test]
    fn placeholders_are_none() {
        assert!(find(&format!("ghp_{}", "x".repeat(36))).is_none());
        assert!(find("AKIAIOSFODNN7EXAMPLE").is_none());
    }

    #[test]
    fn keys_are_told_from_code_about_keys() {
        let key = ["-----BEGIN RSA ", "PRIVATE KEY-----"].concat();
        for line in [key.clone(), format!("key = \"{key}\\nMII"), format!("  tls.key: |\n{key}")] {
            assert!(is_private_key(line.lines().last().unwrap()), "{line}");
        }
        for line in [
            format!("if text.contains(\"{key}\") {{"),
            key.replace("PRIVATE", "PUBLIC"),
            format!("grep -r '{key}' ."),
        ] {
            assert!(!is_private_key(&line), "{line}");
        }
    }
}
