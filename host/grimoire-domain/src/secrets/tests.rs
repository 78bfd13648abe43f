use proptest::prelude::*;

use super::*;

/// Text of the given length out of an alphabet, with nothing of a real secret in it.
fn letters(length: usize) -> String {
    "aB3dE5gH7jK9mN2pQ4sT6vW8xY1z".chars().cycle().take(length).collect()
}

fn digits(length: usize) -> String {
    "0123456789abcdef".chars().cycle().take(length).collect()
}

fn capitals(length: usize) -> String {
    "A2B3C4D5E6F7G".chars().cycle().take(length).collect()
}

#[test]
fn every_shape_is_masked_and_what_names_it_stays() {
    let key = format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n", letters(200));
    let cases = [
        (key.clone(), letters(200)),
        (format!("{key}-----END OPENSSH PRIVATE KEY-----\nafter"), letters(200)),
        (format!("token ghp_{}", letters(36)), letters(36)),
        (format!("token ghs_{}", letters(36)), letters(36)),
        (format!("github_pat_{}", letters(60)), letters(60)),
        (format!("CI_JOB_TOKEN glcbt-{}", letters(20)), letters(20)),
        (format!("glpat-{}", letters(20)), letters(20)),
        (format!("npm_{}", letters(36)), letters(36)),
        (format!("pypi-{}", letters(100)), letters(100)),
        (format!("//registry.npmjs.org/:_authToken={}", letters(36)), letters(36)),
        (format!("dckr_pat_{}", letters(27)), letters(27)),
        (format!("AKIA{}", capitals(16)), capitals(16)),
        (format!("aws_secret_access_key = {}", letters(40)), letters(40)),
        (format!("AIza{}", letters(35)), letters(35)),
        (format!("ya29.{}", letters(60)), letters(60)),
        (format!("DefaultEndpointsProtocol=https;AccountName=x;AccountKey={}==", letters(86)), letters(86)),
        (format!("https://x.blob.core.windows.net/c?sv=1&sig={}", letters(40)), letters(40)),
        (format!("dop_v1_{}", digits(64)), digits(64)),
        (format!("hvs.{}", letters(90)), letters(90)),
        (format!("dapi{}", digits(32)), digits(32)),
        (format!("xoxb-{}", letters(40)), letters(40)),
        (format!("https://hooks.slack.com/services/T000/B000/{}", letters(24)), letters(24)),
        (format!("https://discord.com/api/webhooks/123456789/{}", letters(68)), letters(68)),
        (format!("123456789:AA{}", letters(33)), letters(33)),
        (format!("sk_live_{}", letters(24)), letters(24)),
        (format!("SG.{}.{}", letters(22), letters(43)), letters(43)),
        (format!("sk-ant-api03-{}", letters(90)), letters(90)),
        (format!("hf_{}", letters(34)), letters(34)),
        (format!("glsa_{}_{}", letters(32), digits(8)), letters(32)),
        (format!("eyJ{}.eyJ{}.{}", letters(20), letters(30), letters(43)), letters(43)),
        ("postgres://app:hunter2hunter2@db.example/x".to_owned(), "hunter2".to_owned()),
        ("https://x-access-token:abcdef@github.com/a/b".to_owned(), "abcdef".to_owned()),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==".to_owned(), "dXNlcjpw".to_owned()),
        (r#"{"Authorization": "Bearer abcdef.ghijkl-12345"}"#.to_owned(), "ghijkl".to_owned()),
        ("Set-Cookie: session=abcdefghijkl; Path=/".to_owned(), "abcdefghijkl".to_owned()),
        ("X-Api-Key: abcdefghijkl".to_owned(), "abcdefghijkl".to_owned()),
        ("docker login -u bot --password correct-horse ghcr.io".to_owned(), "correct-horse".to_owned()),
        ("curl -sS -u bot:correct-horse https://x".to_owned(), "correct-horse".to_owned()),
        ("DB_PASSWORD=correct-horse-battery".to_owned(), "battery".to_owned()),
        ("Server=db;User Id=sa;Password=correct-horse;".to_owned(), "correct-horse".to_owned()),
        (r#"{"api_key": "0123456789abcdef"}"#.to_owned(), "0123456789abcdef".to_owned()),
        ("client_secret: 0123456789abcdef".to_owned(), "0123456789abcdef".to_owned()),
        ("'secret_key_base' => '0123456789abcdef'".to_owned(), "0123456789abcdef".to_owned()),
    ];
    for (text, secret) in cases {
        let masked = mask(&text);
        assert!(masked.contains(MASK) && !masked.contains(&secret), "{text}: {masked}");
    }
    assert_eq!(mask("DB_PASSWORD=correct-horse-battery"), "DB_PASSWORD=[redacted]");
    assert_eq!(mask("https://me:secret@h.example/x"), "https://me:[redacted]@h.example/x");
    assert_eq!(mask(&format!("{key}-----END OPENSSH PRIVATE KEY-----\nafter")), "[redacted]\nafter");
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for text in [
        "error[E0382]: use of moved value: `password`",
        "expected `&Secret`, found `String`",
        "the token was unexpected: `}`",
        "https://example.org:8080/path",
        "git@github.com:octo/app.git",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "password: ***",
        "DB_PASSWORD=${{ secrets.DB_PASSWORD }}",
        "token = os.environ['TOKEN']",
        "password = $(cat file)",
        "Error: Input required and not supplied: token",
        "FATAL: password authentication failed for user \"postgres\"",
        "SyntaxError: Unexpected token '<', \"<!DOCTYPE \"... is not valid JSON",
        "npm error code E401 Unable to authenticate, your authentication token seems to be invalid.",
        "--token is required",
        "usage: app --password <PASSWORD>",
        "--- expected\n+++ actual",
    ] {
        assert_eq!(mask(text), text);
    }
}

proptest! {
    #[test]
    fn masking_twice_is_masking_once(text in "[a-zA-Z0-9 =:\"'_./@-]{0,200}") {
        let once = mask(&text).into_owned();
        prop_assert_eq!(mask(&once).into_owned(), once);
    }
}
