use std::collections::BTreeSet;

use serde_json::{Map, Value};

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

fn document() -> Value {
    serde_json::to_value(grimoire_http::openapi_document()).expect("JSON")
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, Map<String, Value>)> {
    let paths = document["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                found.push((format!("{method} {path}"), operation.as_object().expect("an object").clone()));
            }
        }
    }
    assert!(found.len() > 20, "{}", found.len());
    found
}

#[test]
fn the_document_is_of_this_version() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["info"]["title"], "Grimoire");
}

#[test]
fn operation_ids_are_unique_and_every_operation_says_what_it_does() {
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document()) {
        let id = operation["operationId"].as_str().expect("an id").to_owned();
        assert!(ids.insert(id.clone()), "{id} stands twice");
        assert!(!operation["summary"].as_str().expect("a summary").is_empty(), "{name}");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
    }
}

#[test]
fn every_error_of_every_operation_has_the_one_schema() {
    let document = document();
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        assert!(responses.contains_key("500"), "{name}");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "400") {
            let schema = response["content"]["application/json"]["schema"]["$ref"].as_str();
            let report_of_health = name.starts_with("get /health") && status == "503";
            assert!(
                schema == Some("#/components/schemas/Error") || report_of_health,
                "{name} {status}: {response}"
            );
        }
        if operation["security"].to_string().contains("token") {
            assert!(responses.contains_key("401") && responses.contains_key("403"), "{name}");
        }
        if operation.contains_key("requestBody") {
            assert!(responses.contains_key("413") && responses.contains_key("415"), "{name}");
        }
    }
}

#[test]
fn every_schema_that_is_referred_to_exists() {
    let document = document();
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document.pointer(reference).is_some(), "{reference}");
    }
}

#[test]
fn parameters_have_the_forms_that_are_accepted() {
    for (name, operation) in operations(&document()) {
        for parameter in operation.get("parameters").and_then(Value::as_array).into_iter().flatten() {
            let (called, schema) = (parameter["name"].as_str().expect("a name"), &parameter["schema"]);
            assert!(!schema["type"].is_array(), "{name}: {called} is left out, not null");
            if ["If-Match", "X-GitHub-Delivery", "repository", "owner"].contains(&called)
                || (called == "id" && name.contains("deliveries"))
            {
                assert!(schema["pattern"].is_string(), "{name}: {called}");
            }
        }
    }
}

#[test]
fn a_spellbook_in_yaml_is_the_same_thing_as_in_json() {
    let document = document();
    let export = &document["paths"]["/api/spells/export"]["get"]["responses"]["200"]["content"];
    let import = &document["paths"]["/api/spells/import"]["post"]["requestBody"]["content"];
    for content in [export, import] {
        for kind in ["application/json", "application/yaml"] {
            assert_eq!(content[kind]["schema"]["type"], "object", "{kind}");
        }
        assert_eq!(content["text/markdown"]["schema"]["type"], "string");
    }
}
