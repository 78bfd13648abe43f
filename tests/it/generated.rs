//! Generated files are up to date with the code.

use std::path::Path;

fn committed(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_example_environment_is_current() {
    assert!(
        committed(".env.example") == grimoire::config::explain::env_example(),
        "run `cargo xtask codegen`"
    );
}

#[test]
fn the_reference_of_settings_is_current() {
    assert!(
        committed("docs/configuration.md") == grimoire::config::explain::reference(),
        "run `cargo xtask codegen`"
    );
}

#[test]
fn the_openapi_document_is_current() {
    let document = grimoire_http::openapi_document().to_pretty_json().expect("it serialises");
    assert!(committed("docs/openapi.json").trim_end() == document, "run `cargo xtask codegen`");
}

#[test]
fn copies_of_contracts_and_licences_are_current() {
    let copies = [
        ("wit/types/types.wit", "wit/analyzer/deps/types/types.wit"),
        ("wit/types/types.wit", "wit/matcher/deps/types/types.wit"),
        ("wit/types/types.wit", "wit/embedder/deps/types/types.wit"),
        ("wit/types/types.wit", "plugins/sdk/wit/embedder/deps/types/types.wit"),
        ("wit/embedder/embedder.wit", "plugins/sdk/wit/embedder/embedder.wit"),
        ("wit/types/types.wit", "plugins/sdk/wit/analyzer/deps/types/types.wit"),
        ("wit/types/types.wit", "plugins/sdk/wit/matcher/deps/types/types.wit"),
        ("wit/analyzer/analyzer.wit", "plugins/sdk/wit/analyzer/analyzer.wit"),
        ("wit/matcher/matcher.wit", "plugins/sdk/wit/matcher/matcher.wit"),
        ("LICENSE-APACHE", "plugins/sdk/LICENSE-APACHE"),
        ("LICENSE-APACHE", "host/grimoire-log/LICENSE-APACHE"),
        ("LICENSE-MIT", "plugins/sdk/LICENSE-MIT"),
        ("LICENSE-MIT", "host/grimoire-log/LICENSE-MIT"),
    ];
    for (original, copy) in copies {
        assert!(committed(original) == committed(copy), "{copy} is stale: run `cargo xtask codegen`");
    }
}

#[test]
fn the_openapi_document_is_of_version_3_1_and_names_every_promised_route() {
    let document: serde_json::Value = serde_json::from_str(&committed("docs/openapi.json")).expect("JSON");
    assert_eq!(document["openapi"], "3.1.0");
    let promised = [
        "/webhook",
        "/webhooks/github",
        "/api/spells",
        "/api/spells/{id}",
        "/api/analyze",
        "/api/match",
        "/api/diagnose",
        "/api/jobs",
        "/api/jobs/{id}",
        "/api/jobs/{id}/events",
        "/health",
        "/health/{part}",
        "/metrics",
    ];
    for path in promised {
        assert!(document["paths"][path].is_object(), "{path} is missing");
    }
}
